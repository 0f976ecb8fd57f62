"""Forms for parts of the machine's document, made from its types. Pure.

A form names places of the document; kinds, limits and explanations of what stands there come from
the types themselves, as the reference and the reader have them. A field is called by its place
(`network.interfaces[0].mtu`), so that what is wrong in the document is told at its field.
"""

import enum
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from appliance.contract.configuration.document import Document
from appliance.contract.configuration.sections import Section
from appliance.contract.configuration.shape import Key, Shape, keys_of
from appliance.contract.configuration.writing import change

Tree = Mapping[str, Any]


class Kind(enum.StrEnum):
    """How a value is asked for."""

    TEXT = "text"
    NUMBER = "number"
    FLAG = "flag"
    CHOICE = "choice"
    CHOICES = "choices"
    LINES = "lines"
    """One a line; entries with several keys have them one behind the other."""
    ROWS = "rows"
    """A small form for each entry, and one for a new one."""


class Control(msgspec.Struct, frozen=True, kw_only=True):
    """One field."""

    place: str
    """What it is called."""
    key: Key
    kind: Kind
    value: Any
    """Text, flag, or the values that are chosen."""


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """What stands at one place: a field, or rows of fields; the last row is for a new entry."""

    place: str
    key: Key
    rows: tuple[tuple[Control, ...], ...] = ()
    control: Control | None = None


def parts(tree: Tree, places: Iterable[str]) -> list[Part]:
    """Return the parts of a form with the values of a tree; what is left out is as by default."""
    return [_part(place, key_at(place), value_at(tree, place)) for place in places]


def _part(place: str, key: Key, value: Any) -> Part:  # noqa: ANN401 - a TOML value
    if kind_of(key.shape) is not Kind.ROWS:
        return Part(place=place, key=key, control=_control(place, key, value))
    entries = [*value, {}]
    return Part(
        place=place,
        key=key,
        rows=tuple(
            tuple(
                _control(f"{place}[{number}].{name}", one, entry.get(name, _plain(one.default)))
                for name, one in keys_of(key.shape.inner[0].kind).items()
            )
            for number, entry in enumerate(entries)
        ),
    )


def _control(place: str, key: Key, value: Any) -> Control:  # noqa: ANN401
    kind = kind_of(key.shape)
    if kind is Kind.LINES:
        value = "\n".join(_line(one) for one in value or ())
    return Control(place=place, key=key, kind=kind, value="" if value is None else value)


def _line(entry: Any) -> str:  # noqa: ANN401
    return " ".join(map(str, entry.values())) if isinstance(entry, Mapping) else str(entry)


def kind_of(shape: Shape) -> Kind:
    """Return how a value is asked for."""
    if shape.kind is tuple:
        (inner,) = shape.inner
        if inner.choices:
            return Kind.CHOICES
        return Kind.ROWS if inner.is_a(Section) and not _fits_a_line(inner) else Kind.LINES
    if shape.choices:
        return Kind.CHOICE
    return {bool: Kind.FLAG, int: Kind.NUMBER}.get(shape.kind, Kind.TEXT)


def _fits_a_line(section: Shape) -> bool:
    """Return whether all keys of an entry must be there and hold no space."""
    return all(key.required and key.shape.kind is str for key in keys_of(section.kind).values())


def key_at(place: str) -> Key:
    """Return the key at a place that leads through sections alone."""
    section: type[Section] = Document
    *way, last = place.split(".")
    for step in way:
        section = keys_of(section)[step].shape.kind
    return keys_of(section)[last]


def value_at(tree: Tree, place: str) -> Any:  # noqa: ANN401
    """Return what a tree has at a place, or what is so by default."""
    found: Any = tree
    for step in place.split("."):
        if step not in found:
            return _plain(key_at(place).default)
        found = found[step]
    return found


def _plain(value: Any) -> Any:  # noqa: ANN401
    """Return a value of a document as TOML has it; nothing for a key that has no default."""
    return None if value is msgspec.NODEFAULT else msgspec.json.decode(msgspec.json.encode(value))


def read_typed(typed: Tree, places: Iterable[str]) -> dict[str, Any]:
    """Return place → value as it was typed; a row that is taken out or empty is not there."""
    return {place: _typed(typed, place, key_at(place)) for place in places}


def _typed(typed: Tree, place: str, key: Key) -> Any:  # noqa: ANN401
    if kind_of(key.shape) is Kind.ROWS:
        section = key.shape.inner[0].kind
        return [row for row in _rows(typed, place, section) if row]
    return _value(typed.get(place), key.shape)


def _rows(typed: Tree, place: str, section: type[Section]) -> Iterator[dict[str, Any]]:
    number = 0
    while any(name.startswith(f"{place}[{number}].") for name in typed):
        here = f"{place}[{number}]"
        values = {
            name: _value(typed.get(f"{here}.{name}"), key.shape)
            for name, key in keys_of(section).items()
        }
        taken_out = f"{here}.remove" in typed
        yield {} if taken_out or _is_empty(values, section) else _told(values, section)
        number += 1


def _is_empty(values: Tree, section: type[Section]) -> bool:
    """Tell whether nobody has typed anything; what is chosen by itself does not count."""
    typed = [
        name
        for name, key in keys_of(section).items()
        if kind_of(key.shape) in (Kind.TEXT, Kind.LINES)
        or (kind_of(key.shape) is Kind.NUMBER and key.required)
    ]
    return not any(values[name] for name in typed)


def _told(values: Tree, section: type[Section]) -> dict[str, Any]:
    """Return a row as the document says it: without what is as by default."""
    return {
        name: values[name]
        for name, key in keys_of(section).items()
        if values[name] not in (None, "", _plain(key.default))
    }


def _value(typed: Any, shape: Shape) -> Any:  # noqa: ANN401
    kind = kind_of(shape)
    if kind is Kind.FLAG:
        return typed is not None
    if kind is Kind.CHOICES:
        return [typed] if isinstance(typed, str) else list(typed or ())
    text = str(typed or "").replace("\r\n", "\n").strip()
    if kind is Kind.LINES:
        lines = [line.strip() for line in text.split("\n") if line.strip()]
        (inner,) = shape.inner
        return [_entry(line, inner.kind) for line in lines] if inner.is_a(Section) else lines
    if kind is Kind.NUMBER:
        # what is no number stays as it is: the reader says so at its place
        return int(text) if text.isascii() and text.isdigit() else text or None
    return text


def _entry(line: str, section: type[Section]) -> dict[str, str]:
    names = list(keys_of(section))
    return dict(zip(names, line.split(maxsplit=len(names) - 1), strict=False))


def changed_text(text: str, document: Document, values: Tree) -> str:
    """Return the document's text with the values of a form, and nothing else changed."""
    tree = _plain(document)
    for place, value in values.items():
        if value != value_at(tree, place):
            text = change(text, place, value)
    return text


def with_values(document: Document, values: Tree) -> dict[str, Any]:
    """Return the tree of a document with what was typed, whatever that is."""
    tree: dict[str, Any] = _plain(document)
    for place, value in values.items():
        *way, last = place.split(".")
        here = tree
        for step in way:
            here = here.setdefault(step, {})
        here[last] = value
    return tree


def fields_of(every: Sequence[Part]) -> list[str]:
    """Return what the fields of a form are called, in their order."""
    found = []
    for part in every:
        found += [one.place for row in part.rows for one in row]
        found += [part.control.place] if part.control else []
    return found


def field_for(place: str, fields: Sequence[str]) -> str:
    """Return the field at which something wrong at a place is told; empty where there is none."""
    around = [one for one in fields if place == one or place.startswith((f"{one}.", f"{one}["))]
    inside = [one for one in fields if one.startswith((f"{place}.", f"{place}["))]
    return max(around, key=len) if around else next(iter(inside), "")
