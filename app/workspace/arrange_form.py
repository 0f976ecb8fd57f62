"""The form that arranges a table's page, and what it says: a tree of conditions, and the rest.

Its fields are named by where they stand in the tree: `w-0-field` is the field of the first
condition, `w-g1-0-field` that of the first one in the second group. The form is drawn anew after
each button, so that it needs no script.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from app.services.tables.conditions import OWNERS, comparisons_of
from app.services.tables.definition import Colour, ColourRule, Definition
from app.services.tables.grouping import Sum
from app.services.tables.models import FieldKind
from app.services.tables.selection import (
    DEEPEST,
    MOST_SORTS,
    Comparison,
    Conditions,
    Filter,
    Join,
    Owned,
    Scope,
    Sort,
)
from app.services.tables.views import FieldView
from app.workspace.table_state import read_sums, whole

ROOT: Final = "w"
COLOUR: Final = "colour"
REDRAW: Final = "redraw"
"""What a script presses when somebody chose another field or comparison."""
_BETWEEN: Final = re.compile(r"[\r\n;；]+")


class Line(msgspec.Struct, kw_only=True):
    """One condition as it stands in the form, whether it makes sense or not."""

    path: str = ""
    field: int = 0
    test: str = ""
    value: str = ""
    second: str = ""
    values: list[str] = msgspec.field(default_factory=list)
    colour: str = Colour.YELLOW.value


class Tree(msgspec.Struct, kw_only=True):
    """A group as it stands in the form."""

    path: str = ROOT
    join: str = Join.ALL.value
    lines: list[Line] = msgspec.field(default_factory=list)
    groups: list["Tree"] = msgspec.field(default_factory=list)

    @property
    def deepest(self) -> bool:
        """Tell whether no group fits inside."""
        return self.path.count("-") >= DEEPEST - 1


class Draft(msgspec.Struct, kw_only=True):
    """All that stands in the form."""

    tree: Tree = msgspec.field(default_factory=Tree)
    sorts: list[Sort] = msgspec.field(default_factory=list)
    group: int = 0
    sums: list[Sum] = msgspec.field(default_factory=list)
    order: list[int] = msgspec.field(default_factory=list)
    """Every field, in the order of the columns."""
    shown: list[int] = msgspec.field(default_factory=list)
    colours: list[Line] = msgspec.field(default_factory=list)
    scope: str = ""


def of_definition(definition: Definition, fields: Sequence[FieldView]) -> Draft:
    """Return the form of what a view says."""
    known = [one.id for one in fields]
    columns = [one for one in definition.columns if one in known]
    usual = [one.id for one in fields if not one.settings.hidden]
    scope = definition.scope
    return Draft(
        tree=_tree(definition.where, ROOT),
        sorts=list(definition.sorts),
        group=definition.group,
        sums=list(definition.sums),
        order=columns + [one for one in known if one not in columns],
        shown=columns or usual,
        colours=[
            _line(rule.condition, f"{COLOUR}-{place}", rule.colour)
            for place, rule in enumerate(definition.colours)
        ],
        scope=f"{scope.owned.value}:{scope.field}" if scope else "",
    )


def _tree(where: Conditions, path: str) -> Tree:
    return Tree(
        path=path,
        join=where.join.value,
        lines=[_line(one, f"{path}-{place}") for place, one in enumerate(where.filters)],
        groups=[_tree(one, f"{path}-g{place}") for place, one in enumerate(where.groups)],
    )


def _line(one: Filter, path: str, colour: Colour = Colour.YELLOW) -> Line:
    return Line(
        path=path,
        field=one.field,
        test=one.test.value,
        value=one.value,
        second=one.second,
        values=list(one.values),
        colour=colour.value,
    )


def of_form(data: Mapping[str, Any], fields: Sequence[FieldView]) -> Draft:
    """Return what a form says, its last button done."""
    known = [one.id for one in fields]
    order = [one for one in map(whole, _texts(data, "order")) if one in known]
    sorts = [
        Sort(field=number, descending=str(data.get(f"sort-{place}-way")) == "down")
        for place in range(MOST_SORTS)
        if (number := whole(str(data.get(f"sort-{place}", ""))))
    ]
    draft = Draft(
        tree=_read_tree(data, ROOT, fields),
        sorts=sorts,
        group=whole(str(data.get("group", ""))),
        sums=list(read_sums(",".join(_texts(data, "sums")))),
        order=order + [one for one in known if one not in order],
        shown=[one for one in map(whole, _texts(data, "shown")) if one in known],
        colours=_read_lines(data, COLOUR, fields),
        scope=str(data.get("scope", "")),
    )
    return _pressed(draft, str(data.get("do", "")), fields)


def _texts(data: Mapping[str, Any], name: str) -> list[str]:
    found = data.get(name, [])
    return list(map(str, found)) if isinstance(found, list) else [str(found)]


def _read_tree(data: Mapping[str, Any], path: str, fields: Sequence[FieldView]) -> Tree:
    tree = Tree(path=path, join=str(data.get(f"{path}-join", Join.ALL.value)))
    tree.lines = _read_lines(data, path, fields)
    place = 0
    while f"{path}-g{place}-join" in data and not tree.deepest:
        tree.groups.append(_read_tree(data, f"{path}-g{place}", fields))
        place += 1
    return tree


def _read_lines(data: Mapping[str, Any], path: str, fields: Sequence[FieldView]) -> list[Line]:
    kinds = {one.id: one.kind for one in fields}
    lines: list[Line] = []
    while f"{path}-{len(lines)}-field" in data:
        at = f"{path}-{len(lines)}"
        field = whole(str(data.get(f"{at}-field", "")))
        test = str(data.get(f"{at}-test", ""))
        if field in kinds and test not in comparisons_of(kinds[field]):
            test = _usual(kinds[field])
        values = [
            one.strip()
            for text in _texts(data, f"{at}-values")
            for one in _BETWEEN.split(text)
            if one.strip()
        ]
        value, second = str(data.get(f"{at}-value", "")), str(data.get(f"{at}-second", ""))
        is_anew = str(data.get("do", "")) == REDRAW
        if is_anew and field in kinds and whole(str(data.get(f"{at}-was", ""))) not in (0, field):
            # another field: what the former one was compared with says nothing of it
            test, value, second, values = _usual(kinds[field]), "", "", []
        colour = str(data.get(f"{at}-colour", Colour.YELLOW.value))
        line = Line(path=at, field=field, test=test, value=value, second=second, values=values)
        line.colour = colour if colour in set(Colour) else Colour.YELLOW.value
        lines.append(line)
    return lines


def _pressed(draft: Draft, do: str, fields: Sequence[FieldView]) -> Draft:
    """Return the form after a button: add a condition, add a group, drop one, move a column."""
    what, _, path = do.partition(":")
    if what in ("up", "down"):
        _move(draft.order, whole(path), -1 if what == "up" else 1)
    elif what == "add" and path == COLOUR:
        draft.colours.append(_new_line(fields))
    elif what == "drop" and path.startswith(COLOUR):
        draft.colours = [one for one in draft.colours if one.path != path]
    elif what in ("add", "group", "drop"):
        _change(draft.tree, what, path, fields)
    _renumber(draft.tree, ROOT)
    for place, line in enumerate(draft.colours):
        line.path = f"{COLOUR}-{place}"
    return draft


def _new_line(fields: Sequence[FieldView]) -> Line:
    first = fields[0]
    return Line(field=first.id, test=_usual(first.kind))


def _usual(kind: FieldKind) -> str:
    """Return the comparison that fields of a kind begin with."""
    return comparisons_of(kind)[0].value


def _change(tree: Tree, what: str, path: str, fields: Sequence[FieldView]) -> None:
    if tree.path == path and what == "add":
        tree.lines.append(_new_line(fields))
    elif tree.path == path and what == "group" and not tree.deepest:
        other = Join.ANY if tree.join == Join.ALL.value else Join.ALL
        tree.groups.append(Tree(path="", join=other.value, lines=[_new_line(fields)]))
    elif what == "drop":
        tree.lines = [one for one in tree.lines if one.path != path]
        tree.groups = [one for one in tree.groups if one.path != path]
    for inner in tree.groups:
        if inner.path:
            _change(inner, what, path, fields)


def _renumber(tree: Tree, path: str) -> None:
    tree.path = path
    for place, line in enumerate(tree.lines):
        line.path = f"{path}-{place}"
    for place, inner in enumerate(tree.groups):
        _renumber(inner, f"{path}-g{place}")


def _move(order: list[int], number: int, by: int) -> None:
    if number in order:
        place = order.index(number)
        order.insert(max(0, place + by), order.pop(place))


def conditions_of(tree: Tree) -> Conditions:
    """Return the conditions of a form; lines without a field say nothing."""
    return Conditions(
        join=Join.ANY if tree.join == Join.ANY.value else Join.ALL,
        filters=tuple(filter_of(one) for one in tree.lines if one.field),
        groups=tuple(found for one in tree.groups if (found := conditions_of(one))),
    )


def filter_of(line: Line) -> Filter:
    """Return one condition, without what its comparison does not ask for."""
    test = next((one for one in Comparison if one.value == line.test), Comparison.EQUALS)
    silent = test in (Comparison.EMPTY, Comparison.FILLED, Comparison.MINE, Comparison.ANY_OF)
    has_second = test in (Comparison.BETWEEN, Comparison.WITHIN)
    return Filter(
        field=line.field,
        test=test,
        value="" if silent else _typed(line.value),
        second=_typed(line.second) if has_second else "",
        values=tuple(line.values[:100]) if test is Comparison.ANY_OF else (),
    )


def _typed(text: str) -> str:
    """Return a text as people type it: browsers write day and time as 2026-11-30T14:00."""
    is_moment = re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{5,8}", text)
    return text.replace("T", " ", 1) if is_moment else text


def definition_of(draft: Draft, fields: Sequence[FieldView]) -> Definition:
    """Return what a form says."""
    usual = [one.id for one in fields if not one.settings.hidden]
    columns = [one for one in draft.order if one in draft.shown]
    owned, _, field = draft.scope.partition(":")
    return Definition(
        columns=() if columns == usual else tuple(columns),
        where=conditions_of(draft.tree),
        sorts=tuple(draft.sorts),
        group=draft.group,
        sums=tuple(draft.sums),
        scope=Scope(owned=Owned(owned), field=whole(field)) if owned in set(Owned) else None,
        colours=tuple(
            ColourRule(condition=filter_of(one), colour=Colour(one.colour))
            for one in draft.colours
            if one.field
        ),
    )


def owners(fields: Sequence[FieldView]) -> list[FieldView]:
    """Return the fields that tell whose a record is."""
    told = (FieldKind.CREATED_BY, FieldKind.UPDATED_BY)
    return [one for one in fields if one.kind in OWNERS and one.kind not in told]
