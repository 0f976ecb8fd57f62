"""The texts of mails: a subject and a body each, in English here, in Japanese beside the area.

    INVITATION = template("people.invitation", subject=mark("…{appliance}…"), body=mark("…"))

An area declares its templates where it queues them. Values in braces are filled in as plain text:
nothing of a value can become a header, a recipient or another part of the mail.
"""

import string
from collections.abc import Mapping
from typing import Final

import msgspec

from app.core.messages import translate


class Template(msgspec.Struct, frozen=True):
    """One kind of mail."""

    name: str
    subject: str
    body: str

    @property
    def fields(self) -> frozenset[str]:
        """The names in braces: the values that a mail of this kind needs."""
        parts = string.Formatter().parse(self.subject + self.body)
        return frozenset(name for _, name, _, _ in parts if name)


class Content(msgspec.Struct, frozen=True):
    """What a mail says."""

    subject: str
    body: str


_templates: Final[dict[str, Template]] = {}


def template(name: str, *, subject: str, body: str) -> Template:
    """Declare a kind of mail; `subject` and `body` are marked texts."""
    if name in _templates:
        msg = f"two templates are called {name}"
        raise ValueError(msg)
    made = _templates[name] = Template(name, subject, body)
    return made


def templates() -> tuple[Template, ...]:
    """Return what is declared so far, by name."""
    return tuple(made for _, made in sorted(_templates.items()))


def fill(template: Template, language: str, values: Mapping[str, object]) -> Content:
    """Return subject and body of a mail. Raise KeyError for a value that is missing."""
    told = {name: str(value) for name, value in values.items()}
    subject = translate(language, template.subject).format_map(told)
    body = translate(language, template.body).format_map(told)
    return Content(subject=_one_line(subject), body=body)


def _one_line(text: str) -> str:
    """Return `text` without line breaks and control characters: a person's name may bring them."""
    printable = "".join(sign if sign.isprintable() else " " for sign in text)
    return " ".join(printable.split())
