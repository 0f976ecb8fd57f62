"""What a change of the document comes to, place by place, in the words of its types.

Entries that have a name are known by it (an interface, a list of addresses, a time server), so that
one that moves or one that goes does not make the others look changed.
"""

import enum
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from appliance.contract.configuration.document import Document
from appliance.contract.configuration.places import below, placed
from appliance.contract.configuration.sections import Section
from appliance.contract.configuration.shape import Shape, keys_of, shape_of

NAMES: Final = ("name", "host", "to")
"""Keys by which an entry of a list is known among the others."""
Entries = dict[str, Any]
_SAID: Final = {True: "yes", False: "no"}


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """One value that changes, or entries that come and go."""

    place: Annotated[str, Meta(description="Place in the new document; of what goes, in the old")]
    subject: Annotated[str, Meta(description="Name of the entry it is in, as `office`; or empty")]
    label: Annotated[str, Meta(description="What the key is, in words that are translated")]
    before: Annotated[str, Meta(description="Value before; empty for lists")] = ""
    after: Annotated[str, Meta(description="Value afterwards; empty for lists")] = ""
    added: Annotated[tuple[str, ...], Meta(description="Entries that come")] = ()
    removed: Annotated[tuple[str, ...], Meta(description="Entries that go")] = ()


def differences(before: Document, after: Document) -> tuple[Difference, ...]:
    """Return what changes from one document to another, in the order of the document."""
    return tuple(_of_section(before, after, shape_of(Document), "", ""))


def _of_section(
    before: Section, after: Section, shape: Shape, place: str, subject: str
) -> Iterator[Difference]:
    for key in keys_of(shape.kind).values():
        old, new = getattr(before, key.name), getattr(after, key.name)
        if old != new:
            yield from _of_value(old, new, key.shape, below(place, key.name), subject)


def _of_value(old: Any, new: Any, shape: Shape, place: str, subject: str) -> Iterator[Difference]:  # noqa: ANN401
    if shape.is_a(Section):
        yield from _of_section(old, new, shape, place, subject)
    elif shape.kind is dict:
        places = {name: below(place, name) for name in new}
        yield from _of_entries(old, new, shape, places, (place, subject))
    elif shape.kind is tuple and shape.inner[0].is_a(Section):
        named = _by_name(old), _by_name(new)
        places = {
            name: where for name, (where, _) in zip(named[1], placed(new, place), strict=True)
        }
        if list(named[0]) != list(named[1]) and named[0].keys() == named[1].keys():
            yield _reordered(tuple(named[0]), tuple(named[1]), shape, place, subject)
        yield from _of_entries(*named, shape, places, (place, subject))
    elif shape.kind is tuple:
        yield _of_list(old, new, shape, place, subject)
    else:
        yield Difference(
            place=place,
            subject=subject,
            label=shape.description,
            before=_said(old),
            after=_said(new),
        )


def _of_entries(
    old: dict[str, Any],
    new: dict[str, Any],
    shape: Shape,
    places: dict[str, str],
    where: tuple[str, str],
) -> Iterator[Difference]:
    """Yield which entries come and go, and what changes in those that stay."""
    inner = shape.inner[-1]
    added = tuple(_told(name, one) for name, one in new.items() if name not in old)
    removed = tuple(_told(name, one) for name, one in old.items() if name not in new)
    if added or removed:
        place, subject = where
        yield Difference(
            place=place, subject=subject, label=shape.description, added=added, removed=removed
        )
    for name, one in new.items():
        if name in old and old[name] != one:
            yield from _of_section(old[name], one, inner, places[name], name)


def _of_list(
    old: Sequence[Any], new: Sequence[Any], shape: Shape, place: str, subject: str
) -> Difference:
    added = tuple(_said(one) for one in new if one not in old)
    removed = tuple(_said(one) for one in old if one not in new)
    if not added and not removed:
        return _reordered(tuple(map(_said, old)), tuple(map(_said, new)), shape, place, subject)
    return Difference(
        place=place, subject=subject, label=shape.description, added=added, removed=removed
    )


def _reordered(
    old: tuple[str, ...], new: tuple[str, ...], shape: Shape, place: str, subject: str
) -> Difference:
    before, after = ", ".join(old), ", ".join(new)
    return Difference(
        place=place, subject=subject, label=shape.description, before=before, after=after
    )


def _by_name(entries: Sequence[Section]) -> Entries:
    """Return entries by their names; those that share one, by all that they hold."""
    names = [_name(one) for one in entries]
    found: Entries = {}
    for name, one in zip(names, entries, strict=True):
        key = name if names.count(name) == 1 else _told(name, one)
        while key in found:  # the very same once more
            key += " +"
        found[key] = one
    return found


def _name(entry: Section) -> str:
    """Return the name that an entry has of itself; empty where its table names it."""
    return next((str(getattr(entry, one)) for one in NAMES if hasattr(entry, one)), "")


def _told(name: str, entry: Section) -> str:
    """Return a whole entry on one line: its name, and what is not as by default."""
    name = _name(entry) or name
    rest = [
        f"{key.name} {_said(found)}"
        for key in keys_of(type(entry)).values()
        if (found := getattr(entry, key.name)) != key.default and found != name
    ]
    return f"{name} ({', '.join(rest)})" if rest else name


def _said(value: Any) -> str:  # noqa: ANN401 - any value of the document
    if isinstance(value, bool):
        return _SAID[value]
    if isinstance(value, tuple):
        return " ".join(map(_said, value))
    if isinstance(value, Section):
        return _told(_name(value), value)
    return str(value.value if isinstance(value, enum.Enum) else value)
