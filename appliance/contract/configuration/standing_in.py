"""A document whose values do not all fit their types, with something in place of those that do not.

So the rest of it can be judged all the same, and a person is told of everything at once. Nothing
else may be done with such a document.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final

import msgspec

from appliance.contract.configuration import interface_problems, problems
from appliance.contract.configuration.document import Document
from appliance.contract.configuration.fitting import misfits
from appliance.contract.configuration.places import below, placed
from appliance.contract.configuration.reading import Unreadable, parse, read_document
from appliance.contract.configuration.sections import Section
from appliance.contract.configuration.shape import Key, Shape, keys_of
from appliance.contract.errors import ApplianceError

NOBODYS: Final = "\N{REPLACEMENT CHARACTER}"
"""How a text begins that stands in: nobody can have written it as a name."""

BEYOND: Final = (problems.NotToml, problems.TooIntricate, problems.DocumentTooLarge,
                 problems.NewerFormat)  # fmt: skip
"""Where nothing of the text can be judged."""
MAY_END: Final[dict[type[ApplianceError], tuple[str, ...]]] = {
    problems.UnknownName: ("name", "interfaces", "bonds", "vlans", "lists"),
    problems.ConsoleClosed: ("networks", "console", "lists"),
    problems.HstsLocksOut: ("console", "workspace", "hsts"),
    problems.NothingToCertify: ("names",),
    problems.ProofNeedsPort80: ("http_redirect",),
    interface_problems.NoManagement: ("zones", "interfaces"),
    interface_problems.NoAddress: ("addresses", "dhcp", "parent", "vlans"),
    interface_problems.NotReachable: ("addresses", "dhcp"),
    interface_problems.PacketsTooLarge: ("mtu", "interfaces", "vlans"),
}
"""What is wrong only until something else is right: the keys of that."""


def everything_wrong(
    text: str, judge: Callable[[Document], Iterable[ApplianceError]]
) -> tuple[ApplianceError, ...]:
    """Return what does not fit the types in a text, and what `judge` finds wrong in the rest.

    What might be right once the rest fits is left out. Where all fits, `judge` alone is asked.
    """
    try:
        return tuple(judge(read_document(text)))
    except Unreadable as error:
        unfit = error.problems
    if isinstance(unfit[0], BEYOND):
        return unfit
    gaps: set[str] = set()
    document = _section(parse(text), Document, "", gaps)
    for one in unfit:
        if isinstance(one, problems.MisspeltKey):  # its value is another key's
            where, _, _ = str(one.parameters["place"]).rpartition(".")
            gaps.add(below(where, str(one.parameters["nearest"])))
    return (*unfit, *(one for one in judge(document) if _is_certain(one, gaps)))


def _is_certain(found: ApplianceError, gaps: set[str]) -> bool:
    """Tell whether something is wrong whatever comes in place of what stands in."""
    place = str(found.parameters.get("place", ""))
    if any(place == gap or place.startswith((f"{gap}.", f"{gap}[")) for gap in gaps):
        return False
    ends = MAY_END.get(type(found), ())
    if not ends:  # what is told of an entry as a whole may be of what it lacks
        return not (place.endswith("]") and any(gap.startswith(f"{place}.") for gap in gaps))
    keys = {gap.rpartition(".")[2].partition("[")[0] for gap in gaps}
    whole = any("." not in gap for gap in gaps)  # a section of which nothing is known
    return not (whole or keys & set(ends))


def _section(tree: Any, kind: type[Section], place: str, gaps: set[str]) -> Any:  # noqa: ANN401
    return kind(
        **{
            name: _value(tree.get(name, msgspec.UNSET), key, below(place, name), gaps)
            for name, key in keys_of(kind).items()
            if name in tree or key.required
        }
    )


def _value(value: Any, key: Key, place: str, gaps: set[str]) -> Any:  # noqa: ANN401
    """Return the value of a key, or what stands in for it."""
    if key.required or _fits(value, key.shape, place):
        return _entry(value, key.shape, place, gaps)
    gaps.add(place)
    return key.default


def _fits(value: Any, shape: Shape, place: str) -> bool:  # noqa: ANN401
    """Tell whether a value fits in itself; what is in a table or a list is another matter."""
    if shape.is_a(Section) or shape.kind is dict:
        return isinstance(value, dict)
    if shape.kind is tuple:
        return isinstance(value, list)
    return not any(misfits(value, shape, place))


def _entry(value: Any, shape: Shape, place: str, gaps: set[str]) -> Any:  # noqa: ANN401
    if not _fits(value, shape, place):
        gaps.add(place)
        return _nobodys(shape, place)
    if shape.is_a(Section):
        return _section(value, shape.kind, place, gaps)
    if shape.kind is tuple:
        if len(value) < (shape.min_length or 0):
            gaps.add(place)
        (item,) = shape.inner
        return tuple(_entry(one, item, where, gaps) for where, one in placed(value, place))
    if shape.kind is dict:
        key, item = shape.inner
        if any(not _fits(name, key, place) for name in value):
            gaps.add(f"{place}[]")  # of its names alone: what they hold is known
        return {name: _entry(one, item, below(place, name), gaps) for name, one in value.items()}
    return shape.kind(value) if shape.choices else value


def _nobodys(shape: Shape, place: str) -> Any:  # noqa: ANN401
    if shape.is_a(Section):
        return _section({}, shape.kind, place, set())
    if shape.kind in (tuple, dict):
        return shape.kind()
    if shape.choices:
        return next(iter(shape.kind))
    return shape.ge or 0 if shape.kind in (int, bool) else f"{NOBODYS}{place}"
