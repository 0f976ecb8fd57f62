"""What is asked for where something is to be changed: fields, buttons, and what came of it."""

import functools
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

import urwid

from app.core.messages import mark
from app.core.secret import Secret
from app.screen import protocol
from app.screen.machine import first_cable
from app.screen.page import wrapped
from app.screen.protocol import AnyChange, Proof
from app.screen.words import say

Chosen = Callable[[], None]


class Asked(NamedTuple):
    """A field of a change."""

    name: str
    label: str
    needed: bool = True
    begins: Callable[[], str] = str
    """What stands in it at first."""


class Choice(NamedTuple):
    """Something that can be changed here."""

    kind: type[Any]
    label: str
    explained: str
    fields: tuple[Asked, ...] = ()


CHOICES: Final = (
    Choice(
        protocol.OpenConsole,
        mark("Let an address reach the console"),
        mark("For whoever is locked out by the access rules. Others keep what they have."),
        (Asked("network", mark("Address or network")),),
    ),
    Choice(
        protocol.SetAddress,
        mark("Set the address of an interface"),
        mark("Without an address the interface asks for one (DHCP)."),
        (
            Asked("interface", mark("Interface"), begins=first_cable),
            Asked("address", mark("Address/length"), needed=False),
            Asked("gateway", mark("Router"), needed=False),
            Asked("dns", mark("Name servers"), needed=False),
        ),
    ),
    Choice(
        protocol.ResetFactor,
        mark("Remove the second factors of an account"),
        mark("For an owner whose telephone or key is lost. The next sign-in sets up a new one."),
        (Asked("whose", mark("Their login ID")),),
    ),
    Choice(
        protocol.Restart,
        mark("Restart the machine"),
        mark("Whoever works with it is interrupted for some minutes."),
    ),
    Choice(
        protocol.PowerOff,
        mark("Switch the machine off"),
        mark("Nobody can work with it until somebody switches it on by hand."),
    ),
    Choice(
        protocol.FactoryReset,
        mark("Reset the machine to its first start"),
        mark(
            "The key of everything that it keeps is destroyed: accounts, files, history, "
            "addresses. Nothing brings it back but a backup in another place. "
            "Its name, at the top left, has to be typed."
        ),
        (Asked("machine", mark("Name of this machine")),),
    ),
)


def menu(language: str, width: int, chosen: Callable[[Choice], None], back: Chosen) -> Any:  # noqa: ANN401
    """Return the list of what can be changed."""
    told = mark(
        "Each asks for an owner's password or the key kit, stands in the history, "
        "and is told to all owners."
    )
    rows = [*_told(language, width, told), urwid.Divider()]
    rows += [_button(say(language, one.label), functools.partial(chosen, one)) for one in CHOICES]
    rows += [urwid.Divider(), _button(say(language, mark("Back")), back)]
    return _list(rows)


class Form:
    """The fields of one change."""

    def __init__(self, choice: Choice, language: str, width: int) -> None:
        self._choice, self._language, self._width = choice, language, width
        self._fields = {
            one.name: _edit(self._label(one.label), text=one.begins()) for one in choice.fields
        }
        self._login_id = _edit(self._label(mark("Login ID of an owner")))
        self._password = _edit(self._label(mark("Password")), mask="*")
        self._kit = _edit(self._label(mark("or the key kit")), mask="*")

    def widget(self, done: Chosen, back: Chosen) -> Any:  # noqa: ANN401 - urwid's
        """Return what is shown."""
        rows = [
            urwid.AttrMap(urwid.Text(f" {say(self._language, self._choice.label)}"), "strong"),
            *_told(self._language, self._width, self._choice.explained),
            urwid.Divider(),
            *map(_field, self._fields.values()),
            urwid.Divider(),
            *map(_field, (self._login_id, self._password, self._kit)),
            urwid.Divider(),
            _button(say(self._language, mark("Do it")), done),
            _button(say(self._language, mark("Back")), back),
        ]
        return _list(rows)

    @property
    def proof(self) -> Proof:
        """What was typed of who stands there."""
        return Proof(
            login_id=self._login_id.edit_text.strip(),
            password=Secret(self._password.edit_text),
            kit=Secret(self._kit.edit_text.strip()),
        )

    def missing(self) -> str:
        """Return what must still be typed; empty where nothing must."""
        for one in self._choice.fields:
            if one.needed and not self._fields[one.name].edit_text.strip():
                return say(self._language, one.label)
        proof = self.proof
        if proof.kit or (proof.login_id and proof.password):
            return ""
        return say(self._language, mark("Login ID of an owner"))

    def change(self) -> AnyChange:
        """Return what is to be done."""
        typed = {name: field.edit_text.strip() for name, field in self._fields.items()}
        made: AnyChange = self._choice.kind(proof=self.proof, language=self._language, **typed)
        return made

    def _label(self, text: str) -> str:
        return f" {say(self._language, text)}: "


def outcome(
    language: str, width: int, texts: Sequence[str], buttons: Sequence[tuple[str, Chosen]]
) -> Any:  # noqa: ANN401 - urwid's
    """Return what came of it, and what can be done now."""
    rows = [row for text in texts for row in (*_rows(text, width), urwid.Divider())]
    return _list([*rows, *(_button(say(language, label), chosen) for label, chosen in buttons)])


def _told(language: str, width: int, text: str) -> list[Any]:
    return _rows(say(language, text), width)


def _rows(text: str, width: int) -> list[Any]:
    return [urwid.Text(f" {line}") for line in wrapped(text, width - 2)]


def _edit(label: str, mask: str | None = None, text: str = "") -> Any:  # noqa: ANN401 - urwid's
    return urwid.Edit(label, text, mask=mask, wrap="clip")


def _field(edit: Any) -> Any:  # noqa: ANN401 - urwid's
    return urwid.AttrMap(edit, "", "field")


def _button(label: str, chosen: Chosen) -> Any:  # noqa: ANN401 - urwid's
    button = urwid.Button(label)
    urwid.connect_signal(button, "click", lambda _: chosen())
    return urwid.AttrMap(urwid.Padding(button, left=1), "", "head")


def _list(rows: list[Any]) -> Any:  # noqa: ANN401 - urwid's
    return urwid.ListBox(urwid.SimpleFocusListWalker(rows))
