"""Does a tree of TOML values fit the types? Everything that does not, each at its place."""

import difflib
import re
from collections.abc import Iterator
from typing import Any, Final

from appliance.contract.configuration.places import below, placed
from appliance.contract.configuration.problems import (
    ConfigurationProblem,
    Missing,
    MisspeltKey,
    NotAChoice,
    OutsideLimits,
    TooFew,
    TooLong,
    TooMany,
    UnknownKey,
    WrongForm,
    WrongKind,
)
from appliance.contract.configuration.sections import Section
from appliance.contract.configuration.shape import Shape, keys_of

WORDS: Final[dict[type, str]] = {
    str: "a text in quotes",
    int: "a whole number",
    bool: "true or false",
    float: "a number with a point",
    list: "a list in brackets",
    dict: "a table",
}
TEMPORAL: Final = "a date or a time"
"""What else TOML has."""
_SHOWN: Final = 60


def misfits(value: Any, shape: Shape, place: str) -> Iterator[ConfigurationProblem]:  # noqa: ANN401
    """Yield what is wrong with a value and everything in it."""
    if shape.is_a(Section):
        yield from _of_section(value, shape, place)
    elif shape.kind is tuple:
        yield from _of_list(value, shape, place)
    elif shape.kind is dict:
        yield from _of_named(value, shape, place)
    elif shape.kind in (bool, int):
        yield from _of_plain(value, shape, place)
    else:
        yield from _of_text(value, shape, place)


def shown(value: str) -> str:
    """Return a value as a message may show it: short, and nothing that moves the cursor."""
    visible = "".join(one if one.isprintable() else "�" for one in value)
    return visible if len(visible) <= _SHOWN else visible[: _SHOWN - 1] + "…"


def _wrong_kind(value: Any, expected: type, place: str) -> Iterator[WrongKind]:  # noqa: ANN401
    if type(value) is not expected:  # `true` is no number here
        found = WORDS.get(type(value), TEMPORAL)
        yield WrongKind(place=place, expected=WORDS[expected], found=found)


def _of_section(value: Any, shape: Shape, place: str) -> Iterator[ConfigurationProblem]:  # noqa: ANN401
    if not isinstance(value, dict):
        yield from _wrong_kind(value, dict, place)
        return
    keys = keys_of(shape.kind)
    for name, one in value.items():
        where = below(place, name)
        if name in keys:
            yield from misfits(one, keys[name].shape, where)
        else:
            near = difflib.get_close_matches(name, keys, n=1, cutoff=0.5)
            yield MisspeltKey(place=where, nearest=near[0]) if near else UnknownKey(place=where)
    for key in keys.values():
        if key.required and key.name not in value:
            yield Missing(place=below(place, key.name), description=key.shape.description)


def _of_list(value: Any, shape: Shape, place: str) -> Iterator[ConfigurationProblem]:  # noqa: ANN401
    if not isinstance(value, list):
        yield from _wrong_kind(value, list, place)
        return
    yield from _count(len(value), shape, place)
    (item,) = shape.inner
    for where, one in placed(value, place):
        yield from misfits(one, item, where)


def _of_named(value: Any, shape: Shape, place: str) -> Iterator[ConfigurationProblem]:  # noqa: ANN401
    if not isinstance(value, dict):
        yield from _wrong_kind(value, dict, place)
        return
    yield from _count(len(value), shape, place)
    key, item = shape.inner
    for name, one in value.items():
        yield from _of_text(name, key, below(place, name))
        yield from misfits(one, item, below(place, name))


def _count(count: int, shape: Shape, place: str) -> Iterator[ConfigurationProblem]:
    if shape.max_length is not None and count > shape.max_length:
        yield TooMany(place=place, count=count, limit=shape.max_length)
    if shape.min_length is not None and count < shape.min_length:
        yield TooFew(place=place, limit=shape.min_length)


def _of_plain(value: Any, shape: Shape, place: str) -> Iterator[ConfigurationProblem]:  # noqa: ANN401
    if type(value) is not shape.kind:
        yield from _wrong_kind(value, shape.kind, place)
    elif shape.ge is not None and shape.le is not None and not shape.ge <= value <= shape.le:
        yield OutsideLimits(place=place, value=shown(str(value)), least=shape.ge, most=shape.le)


def _of_text(value: Any, shape: Shape, place: str) -> Iterator[ConfigurationProblem]:  # noqa: ANN401
    if not isinstance(value, str):
        yield from _wrong_kind(value, str, place)
    elif shape.choices and value not in shape.choices:
        yield NotAChoice(place=place, value=shown(value), choices=", ".join(shape.choices))
    elif shape.max_length is not None and len(value) > shape.max_length:
        yield TooLong(place=place, limit=shape.max_length)
    elif shape.pattern and not re.search(shape.pattern, value):
        yield WrongForm(
            place=place,
            value=shown(value),
            description=shape.description,
            examples=", ".join(map(str, shape.examples)),
        )
