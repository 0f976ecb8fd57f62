"""Where in a text it stands what was searched for: shown as people wrote it. Pure."""

import unicodedata
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from app.services.tables.folding import fold

BEFORE: Final = 20
AFTER: Final = 60
LONGEST: Final = 20_000
"""Characters of a text in which a place is looked for."""
_JOINED: Final = frozenset("\uff9e\uff9f\u3099\u309a")
"""Marks of voiced kana: they fold into one character with the one before."""


class Snippet(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a text around what was searched for."""

    before: Annotated[str, Meta(description="What stands before it.")]
    hit: Annotated[str, Meta(description="What was found, as it is written there.")]
    after: Annotated[str, Meta(description="What stands behind it.")]


def snippet(text: str, needle: str) -> Snippet:
    """Return the part of a text around a folded needle that stands in it."""
    shown = " ".join(text[:LONGEST].split())
    clusters = _clusters(shown)
    folded = [fold(one) for one in clusters]
    at = "".join(folded).find(needle)
    if at < 0:  # it folds as a whole only, or lies far behind
        return Snippet(before="", hit="", after=_cut(shown, AFTER))
    first = last = length = 0
    for place, one in enumerate(folded):
        if length <= at:
            first = place
        length += len(one)
        last = place + 1
        if length >= at + len(needle):
            break
    parts = clusters[:first], clusters[first:last], clusters[last:]
    before, hit, after = ("".join(part) for part in parts)
    lead = before if len(before) <= BEFORE else f"…{before[-BEFORE:]}"
    return Snippet(before=lead, hit=hit, after=_cut(after, AFTER))


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[:length]}…"


def _clusters(text: str) -> list[str]:
    """Return the characters of a text, each with the marks behind it."""
    found: list[str] = []
    for one in text:
        if found and (one in _JOINED or unicodedata.combining(one)):
            found[-1] += one
        else:
            found.append(one)
    return found
