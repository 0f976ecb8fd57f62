"""From text to document: everything that is wrong with it, each at its place."""

import difflib
import re
import tomllib
from collections.abc import Iterator
from typing import Any, Final, get_args, get_origin

import msgspec

from appliance.contract.configuration.document import LARGEST, Document
from appliance.contract.configuration.problems import (
    ConfigurationProblem,
    DocumentTooLarge,
    MisspeltKey,
    NotToml,
    UnknownKey,
    WrongValue,
)
from appliance.contract.configuration.sections import Section
from appliance.contract.interface import described, fields_of

_PLACE: Final = re.compile(r" - at (?:key in )?`\$\.?([^`]*)`$")


class Unreadable(Exception):
    """The text is no document. `problems` says why, at least one."""

    def __init__(self, problems: tuple[ConfigurationProblem, ...]) -> None:
        super().__init__("; ".join(map(str, problems)))
        self.problems = problems


def read_document(text: str) -> Document:
    """Return the document of a TOML text. Raise Unreadable with everything that is wrong."""
    if len(text) > LARGEST:
        raise Unreadable((DocumentTooLarge(limit=LARGEST),))
    try:
        raw = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise Unreadable((NotToml(reason=str(error) or "it is nested too deeply"),)) from None
    unknown = tuple(_unknown(raw, Document, ""))
    if unknown:
        raise Unreadable(unknown)
    try:
        return msgspec.convert(raw, Document)
    except msgspec.ValidationError as error:
        raise Unreadable((_wrong_value(str(error)),)) from None


def _wrong_value(words: str) -> WrongValue:
    place = _PLACE.search(words)
    return WrongValue(place=place[1] if place else "the document", reason=_PLACE.sub("", words))


def _unknown(value: Any, kind: Any, place: str) -> Iterator[ConfigurationProblem]:  # noqa: ANN401
    """Yield the keys that the types do not know, the whole tree down."""
    bare, _ = described(kind)
    origin, arguments = get_origin(bare), get_args(bare)
    if origin is tuple and isinstance(value, list):
        for number, one in enumerate(value):
            yield from _unknown(one, arguments[0], f"{place}[{number}]")
    elif origin is dict and isinstance(value, dict):
        for name, one in value.items():
            yield from _unknown(one, arguments[1], f"{place}.{name}")
    elif isinstance(bare, type) and issubclass(bare, Section) and isinstance(value, dict):
        fields = fields_of(bare)
        for name, one in value.items():
            where = f"{place}.{name}" if place else name
            if name in fields:
                yield from _unknown(one, fields[name][0], where)
            else:
                near = difflib.get_close_matches(name, fields, n=1, cutoff=0.5)
                yield MisspeltKey(place=where, nearest=near[0]) if near else UnknownKey(place=where)
