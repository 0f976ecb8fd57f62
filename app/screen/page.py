"""What stands on the screen, as lines: pure, from what is known to what is shown."""

import ipaddress
import time
from collections.abc import Iterator
from typing import Final, NamedTuple

import msgspec
from urwid import str_util

from app.core.messages import mark
from app.screen.protocol import Standing
from app.screen.words import say

LABEL: Final = 11
"""Columns of what stands on the left."""
WIDE: Final = 60
"""Columns from which label and value stand side by side."""
HTTPS: Final = 443
SEALED_WITHIN: Final = 60_000
"""Milliseconds in which an event is sealed where all is well."""
BACKUP_WITHIN: Final = 2 * 86_400_000
NEARLY_FULL: Final = 0.1


class Line(NamedTuple):
    """One line; `style` is a name of the palette."""

    text: str = ""
    style: str = ""


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """All that is known at a moment."""

    now: float
    """Seconds since 1970."""
    host: str
    addresses: tuple[str, ...]
    notes: tuple[str, ...] = ()
    """What a start has left to be read here."""
    standing: Standing | None = None
    """As the desk told it last; none before it first did."""
    silent_since: float = 0.0
    """When the desk answered last, seconds since 1970; 0 while it answers."""


SERVICES: Final = {
    "console": mark("Console"),
    "workspace": mark("Workspace"),
    "database": mark("Database"),
    "agent": mark("Machine's agent"),
}
HISTORIES: Final = {
    "whole": mark("whole at the last verification"),
    "tampered": mark("TAMPERED WITH, by the last verification"),
    "unreadable": mark("unreadable at the last verification"),
}


def lines(known: Known, language: str, width: int) -> list[Line]:
    """Return what stands there."""
    return list(Page(known, language, width).lines())


class Page:
    """One look."""

    def __init__(self, known: Known, language: str, width: int) -> None:
        self._known, self._language, self._width = known, language, width

    def lines(self) -> Iterator[Line]:
        """Yield the lines from top to bottom."""
        yield from self._silence()
        for note in self._known.notes:
            yield from self._wrapped(note, "danger")
        yield from self._urgent()
        yield from self._where()
        standing = self._known.standing
        if standing is None:
            return
        yield from self._certificate(standing)
        yield from self._claiming(standing)
        yield from self._health(standing)
        yield from self._notices(standing)

    def _say(self, text: str, **parameters: object) -> str:
        return say(self._language, text, **parameters)

    def _silence(self) -> Iterator[Line]:
        known = self._known
        if known.standing is None:
            text = mark("The appliance is starting, or does not answer.")
            yield from self._wrapped(self._say(text), "warning")
        elif known.silent_since:
            at = time.strftime("%H:%M:%S", time.localtime(known.silent_since))
            text = mark("The appliance does not answer since {at}. What follows is from then.")
            yield from self._wrapped(self._say(text, at=at), "danger")

    def _where(self) -> Iterator[Line]:
        known, standing = self._known, self._known.standing
        if not known.addresses:
            yield from self._wrapped(
                self._say(mark("No address yet. Is the cable in, and is there DHCP?")), "warning"
            )
        if standing is None:
            yield from self._labelled(self._say(mark("Addresses")), list(known.addresses))
            return
        hosts = [*standing.names, *map(_in_url, known.addresses)]
        for label, port in (
            (mark("Console"), standing.console_port),
            (mark("Workspace"), standing.workspace_port),
        ):
            end = "" if port == HTTPS else f":{port}"
            yield from self._labelled(
                self._say(label), [f"https://{host}{end}" for host in hosts], "strong"
            )

    def _certificate(self, standing: Standing) -> Iterator[Line]:
        if not standing.fingerprint:
            return
        yield Line()
        text = mark("Certificate (SHA-256), to compare with what the browser shows:")
        yield from self._wrapped(self._say(text))
        yield from (Line(f" {row}", "strong") for row in grouped(standing.fingerprint, self._width))

    def _claiming(self, standing: Standing) -> Iterator[Line]:
        if standing.claimed:
            return
        yield Line()
        if not standing.claim_code:
            text = mark("Nobody is the first administrator yet, and there is no claim code.")
            yield from self._wrapped(self._say(text), "warning")
            return
        yield from self._labelled(self._say(mark("Claim code")), [standing.claim_code], "strong")
        text = mark("Open the console and type it to become the first administrator.")
        yield from self._wrapped(self._say(text))

    def _health(self, standing: Standing) -> Iterator[Line]:
        yield Line()
        names = [
            [self._say(SERVICES.get(one.name, one.name))
             for one in standing.services if one.answers is answers]
            for answers in (True, False)
        ]  # fmt: skip
        comma = self._say(mark(", "))
        for names_of, label, style in zip(
            names, (mark("Answers"), mark("SILENT")), ("", "danger"), strict=True
        ):
            if names_of:
                yield from self._labelled(self._say(label), [comma.join(names_of)], style)
        yield from self._history(standing)
        yield from self._disk(standing)
        yield from self._backup(standing)

    def _history(self, standing: Standing) -> Iterator[Line]:
        sealed = standing.seal_behind < SEALED_WITHIN
        if sealed:
            said = self._say(mark("being sealed"))
        else:
            age = self._age(standing.seal_behind)
            said = self._say(
                mark("NOT SEALED: {count} events wait, for {age}"), count=standing.unsealed, age=age
            )
        if standing.history in HISTORIES:
            said = f"{said}; {self._say(HISTORIES[standing.history])}"
        good = sealed and standing.history in ("", "whole")
        yield from self._labelled(self._say(mark("History")), [said], "" if good else "danger")

    def _disk(self, standing: Standing) -> Iterator[Line]:
        if not standing.disk_size:
            return
        said = self._say(
            mark("{free} of {size} GB free"),
            free=_gigabytes(standing.disk_free),
            size=_gigabytes(standing.disk_size),
        )
        full = standing.disk_free < NEARLY_FULL * standing.disk_size
        yield from self._labelled(self._say(mark("Disk")), [said], "danger" if full else "")

    def _backup(self, standing: Standing) -> Iterator[Line]:
        if not standing.last_backup:
            yield from self._labelled(
                self._say(mark("Backup")), [self._say(mark("none known"))], "warning"
            )
            return
        age = max(0, int(self._known.now * 1000) - standing.last_backup)
        said = self._say(mark("{age} ago"), age=self._age(age))
        late = age > BACKUP_WITHIN
        yield from self._labelled(self._say(mark("Backup")), [said], "warning" if late else "")

    def _urgent(self) -> Iterator[Line]:
        standing = self._known.standing
        for one in standing.notices if standing else ():
            if one.urgent:
                yield from self._wrapped(f"! {one.text}", one.kind)

    def _notices(self, standing: Standing) -> Iterator[Line]:
        notices = [one for one in standing.notices if not one.urgent]
        if notices:
            yield Line()
        for one in notices:
            yield from self._wrapped(f"! {one.text}", one.kind)

    def _age(self, milliseconds: int) -> str:
        minutes = milliseconds // 60_000
        if minutes < 120:
            return self._say(mark("{count} min"), count=minutes)
        if minutes < 48 * 60:
            return self._say(mark("{count} h"), count=minutes // 60)
        return self._say(mark("{count} days"), count=minutes // (24 * 60))

    def _labelled(self, label: str, values: list[str], style: str = "") -> Iterator[Line]:
        """Yield values beside their label; below it where the screen is narrow."""
        wide = self._width >= WIDE
        column = LABEL + 5 if wide else 0
        for number, value in enumerate(values):
            before = label if number == 0 else ""
            if wide:
                rest = list(wrapped(value, self._width - column - 1))
                yield Line(f" {padded(before, column - 1)}{rest[0]}", style)
                yield from (Line(" " * column + one, style) for one in rest[1:])
            elif width_of(before) + width_of(value) + 3 <= self._width:
                yield Line(f" {padded(before, width_of(label))} {value}", style)
            else:
                if before:
                    yield Line(f" {before}", style)
                yield from (Line(f"  {one}", style) for one in wrapped(value, self._width - 2))

    def _wrapped(self, text: str, style: str = "") -> Iterator[Line]:
        yield from (Line(f" {one}", style) for one in wrapped(text, self._width - 2))


def grouped(digits: str, width: int) -> Iterator[str]:
    """Yield a fingerprint in groups of four digits, as one reads them aloud."""
    groups = [digits[at : at + 4] for at in range(0, len(digits), 4)]
    in_row = 8 if width >= 8 * 5 + 1 else 4
    for at in range(0, len(groups), in_row):
        yield " ".join(groups[at : at + in_row])


def width_of(text: str) -> int:
    """Return the columns that a text takes: a Japanese letter takes two."""
    return int(str_util.calc_width(text, 0, len(text)))


def padded(text: str, width: int) -> str:
    """Return a text with spaces up to a width, one at least."""
    return text + " " * max(1, width - width_of(text))


def wrapped(text: str, width: int) -> Iterator[str]:
    """Yield a text in lines: cut at spaces, where there are none anywhere (Japanese)."""
    line = ""
    for piece in _pieces(text):
        if line and width_of(line + piece.rstrip()) > width:
            yield line.rstrip()
            line = ""
        line += piece
        while width_of(line.rstrip()) > width:
            cut = max(1, _fitting(line, width))
            yield line[:cut]
            line = line[cut:]
    yield line.rstrip()


def _pieces(text: str) -> Iterator[str]:
    piece = ""
    for sign in text:
        piece += sign
        if sign == " " or width_of(sign) > 1:
            yield piece
            piece = ""
    if piece:
        yield piece


def _fitting(text: str, width: int) -> int:
    taken = 0
    for number, sign in enumerate(text):
        taken += width_of(sign)
        if taken > width:
            return number
    return len(text)


def _in_url(address: str) -> str:
    return f"[{address}]" if ipaddress.ip_address(address).version == 6 else address


def _gigabytes(size: int) -> str:
    return f"{size / 1e9:.1f}"
