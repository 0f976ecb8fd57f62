"""From text to document: everything that is wrong with it, each at its place."""

import re
import tomllib
from typing import Any, Final

import msgspec

from appliance.contract.configuration.document import FORMAT, LARGEST, Document
from appliance.contract.configuration.fitting import misfits
from appliance.contract.configuration.problems import (
    ConfigurationProblem,
    DocumentTooLarge,
    NewerFormat,
    NotToml,
    TooIntricate,
)
from appliance.contract.configuration.shape import shape_of

_PLACE: Final = re.compile(r"\(at line ([0-9]+), column ([0-9]+)\)$")
"""How the parser ends its words; later versions have attributes for it."""
_DOCUMENT: Final = shape_of(Document)


class Unreadable(Exception):
    """The text is no document. `problems` says why, at least one."""

    def __init__(self, problems: tuple[ConfigurationProblem, ...]) -> None:
        super().__init__("; ".join(map(str, problems)))
        self.problems = problems


def read_document(text: str) -> Document:
    """Return the document of a TOML text. Raise Unreadable with everything that is wrong."""
    raw = parse(text)
    form = raw.get("format")
    if type(form) is int and form > FORMAT:  # its other keys mean what only its version knows
        raise Unreadable((NewerFormat(value=form, known=FORMAT),))
    wrong = tuple(misfits(raw, _DOCUMENT, ""))
    if wrong:
        raise Unreadable(wrong)
    return msgspec.convert(raw, Document)


def parse(text: str) -> dict[str, Any]:
    """Return the tree of a TOML text. Raise Unreadable if it is none."""
    if len(text) > LARGEST:
        raise Unreadable((DocumentTooLarge(limit=LARGEST),))
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Unreadable((_not_toml(str(error), text),)) from None
    except (RecursionError, ValueError):  # Python's own limits, of nesting and of digits
        raise Unreadable((TooIntricate(),)) from None


def _not_toml(words: str, text: str) -> NotToml:
    reason, _, _ = words.partition(" (at ")
    place = _PLACE.search(words)
    if place:
        return NotToml(line=int(place[1]), column=int(place[2]), reason=reason)
    last = text.split("\n")  # it ends where something is still missing
    return NotToml(line=len(last), column=len(last[-1]) + 1, reason=reason)
