"""A recording as people read it: lines with their time, what was typed beside what was shown. Pure.

The recording itself (asciicast v2) stays as it is; who wants to see it run downloads it.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Annotated, Final

import msgspec
from msgspec import Meta

_CONTROLS: Final = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[@-_]|[\x00-\x07\x0b-\x1f\x7f]"
)
"""Colours, movements and titles of a terminal (ECMA-48); tabs and line breaks stay."""
_ERASED: Final = re.compile(r"[^\x08]\x08")
ENDS: Final = {"o": "\n", "i": "\r"}
"""What ends a line that is shown, and one that is typed."""


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a session."""

    second: Annotated[float, Meta(description="Seconds since it began.")]
    typed: Annotated[bool, Meta(description="Whether it was typed; else it was shown.")]
    text: Annotated[str, Meta(description="The line, without colours and movements.")]


def replay(recording: str) -> Iterator[Line]:
    """Yield the lines of a stretch of a recording in their order."""
    unfinished: dict[str, tuple[float, str]] = {}
    for second, kind, data in _events(recording.splitlines()):
        began, before = unfinished.get(kind, (second, ""))
        *whole, rest = (before + data).split(ENDS[kind])
        for text in whole:
            yield _line(began, kind, text)
            began = second
        unfinished[kind] = (began, rest)
        if not rest:
            del unfinished[kind]
    for kind, (began, rest) in sorted(unfinished.items(), key=lambda one: one[1]):
        yield _line(began, kind, rest)


def _line(second: float, kind: str, text: str) -> Line:
    return Line(second=second, typed=kind == "i", text=plain(text))


def _events(lines: Iterable[str]) -> Iterator[tuple[float, str, str]]:
    for line in lines:
        if line.startswith("["):
            event = msgspec.json.decode(line, type=tuple[float, str, str])
            if event[1] in ENDS:
                yield event


def plain(text: str) -> str:
    """Return what a line looks like once it is written: no control characters, typos put right."""
    text = _CONTROLS.sub("", text.replace("\x7f", "\x08"))
    while (shorter := _ERASED.sub("", text)) != text:
        text = shorter
    return text.replace("\x08", "")
