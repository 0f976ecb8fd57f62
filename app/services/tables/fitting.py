"""What of a view still holds for a reader: fields are deleted, change their type, are hidden.

What does not fit is left out and told. Whose rows a reader sees is not left out: where that cannot
be told any more, the view shows no row at all.
"""

import enum
from collections.abc import Callable
from typing import Annotated, Final

import msgspec
from msgspec import Meta
from sqlmodel import Session

from app.core.errors import InvalidInput
from app.core.messages import mark
from app.services.tables import designing
from app.services.tables.conditions import NO_FIELD
from app.services.tables.definition import Definition
from app.services.tables.grouping import check_group, check_sum
from app.services.tables.query import Rows
from app.services.tables.selection import Conditions, Filter, check_size

DELETED: Final = mark("The field was deleted.")
UNSEEN: Final = mark("It asks for a field that you may not see.")


class Place(enum.StrEnum):
    """What of a view does not fit."""

    FILTER = "filter"
    SORT = "sort"
    GROUP = "group"
    SUM = "sum"
    COLOUR = "colour"
    SCOPE = "scope"


class Misfit(msgspec.Struct, frozen=True, kw_only=True):
    """What of a view does not fit the table any more."""

    place: Annotated[Place, Meta(description="What of the view.")]
    field: Annotated[int, Meta(description="Number of the field; 0: one that you may not see.")]
    name: Annotated[str, Meta(description="What it is called, or was.")]
    reason: Annotated[str, Meta(description="Why it does not fit.")]


class Fitted(msgspec.Struct, frozen=True, kw_only=True):
    """What of a view holds, and what does not."""

    definition: Definition
    misfits: list[Misfit]

    @property
    def nothing(self) -> bool:
        """Tell whether no row can be shown."""
        return any(one.place is Place.SCOPE for one in self.misfits)


class _Fitting:
    def __init__(self, session: Session, rows: Rows) -> None:
        self._session, self._rows = session, rows
        self.misfits: list[Misfit] = []

    def holds(self, place: Place, number: int, check: Callable[[], None]) -> bool:
        """Tell whether a check passes; note what does not."""
        try:
            check()
        except InvalidInput as error:
            self._note(place, number, str(error.parameters["reason"]))
            return False
        return True

    def _note(self, place: Place, number: int, reason: str) -> None:
        rows = self._rows
        if number in rows.by_id or not number:
            name = rows.by_id[number].name if number else ""
        elif any(field.id == number for field in rows.table.fields):
            number, name, reason = 0, "", UNSEEN
        else:
            gone = designing.deleted_fields(self._session, rows.table.id)
            name = next((one.name for one in gone if one.id == number), "")
            reason = DELETED if name else NO_FIELD
        self.misfits.append(Misfit(place=place, field=number, name=name, reason=reason))

    def filters(self, place: Place, filters: tuple[Filter, ...]) -> tuple[Filter, ...]:
        """Return the conditions that hold."""
        check = self._rows.check_filter
        return tuple(
            one
            for one in filters
            if self.holds(place, one.field, lambda one=one: check(one))  # type: ignore[misc]
        )

    def tree(self, where: Conditions) -> Conditions:
        """Return a tree with the conditions that hold."""
        inner = tuple(group for each in where.groups if (group := self.tree(each)))
        kept = self.filters(Place.FILTER, where.filters)
        return Conditions(join=where.join, filters=kept, groups=inner)

    def field(self, number: int) -> Callable[[], None]:
        """Return what checks that a field is there."""

        def check() -> None:
            if number not in self._rows.by_id:
                raise InvalidInput(field="field", reason=NO_FIELD)

        return check


def fit(session: Session, rows: Rows, definition: Definition) -> Fitted:
    """Return what of a definition holds for who reads `rows`, and what does not.

    Raise InvalidInput where there is too much of it.
    """
    check_size(definition.where)
    found, by_id = _Fitting(session, rows), rows.by_id

    def of_field(number: int, check: Callable[..., None]) -> Callable[[], None]:
        def both() -> None:
            found.field(number)()
            check(by_id[number])

        return both

    scope = definition.scope
    if scope is not None:
        found.holds(Place.SCOPE, scope.field, lambda: rows.check_scope(scope))
    where = found.tree(definition.where)
    sorts = tuple(
        one
        for one in definition.sorts
        if found.holds(Place.SORT, one.field, lambda one=one: rows.check_sort(one))  # type: ignore[misc]
    )
    group = definition.group
    if group and not found.holds(Place.GROUP, group, of_field(group, check_group)):
        group = 0
    sums = tuple(
        one
        for one in definition.sums
        if found.holds(Place.SUM, one.field, of_field(one.field, check_sum))
    )
    painted = found.filters(Place.COLOUR, tuple(one.condition for one in definition.colours))
    fitted = msgspec.structs.replace(
        definition,
        columns=tuple(number for number in definition.columns if number in by_id),
        where=where,
        sorts=sorts,
        group=group,
        sums=sums,
        colours=tuple(one for one in definition.colours if one.condition in painted),
    )
    return Fitted(definition=fitted, misfits=found.misfits)


def check(session: Session, rows: Rows, definition: Definition) -> None:
    """Raise InvalidInput at the first part of a new definition that makes no sense."""
    for number in definition.columns:
        rows.field(number)
    for one in fit(session, rows, definition).misfits:
        raise InvalidInput(field=one.name or one.place.value, reason=one.reason)
