"""What a condition on a field means in SQL, and which ones make sense for which type.

What people type is only ever a bound value.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, Table, and_, false, func, literal, or_, select, true
from sqlmodel import SQLModel

from app.core.errors import InvalidInput
from app.core.messages import mark
from app.files.errors import Unfit
from app.identity.models import Membership
from app.services.tables.fields import SYSTEM, FieldInfo
from app.services.tables.folding import END, fold, key_of
from app.services.tables.models import FieldKind
from app.services.tables.physical import junction
from app.services.tables.selection import (
    BY_MAKER,
    Comparison,
    Conditions,
    Filter,
    Join,
    Owned,
    Scope,
)
from app.services.tables.spans import days_of
from app.services.tables.types.base import Around, Stored
from app.services.tables.types.registry import is_many, type_of

NO_FIELD: Final = mark("The table has no such field.")
NO_ORDER: Final = mark("A field with many values has no order.")
ONE_VALUE: Final = mark("The field has one value: compare it with equals.")
NO_SENSE: Final = mark("This comparison does not fit the type of the field.")
NO_VALUE: Final = mark("Write what the field is compared with.")
UNSEARCHED: Final = mark("You do not see all records that the field links to. Choose one of them.")
NO_OWNER: Final = mark("The field names neither a person nor a group: nobody's rows can be told.")

Find = Callable[..., ColumnElement[Any]]
"""The database's own search of a text in a text: the place, 0 where there is none."""

PEOPLE: Final = frozenset({FieldKind.PERSON, FieldKind.CREATED_BY, FieldKind.UPDATED_BY})
OWNERS: Final = PEOPLE | {FieldKind.GROUP}
MOMENTS: Final = frozenset({FieldKind.DATE_TIME, FieldKind.CREATED_AT, FieldKind.UPDATED_AT})
DAYS: Final = MOMENTS | {FieldKind.DATE}
WRITTEN: Final = frozenset(
    {
        FieldKind.TEXT,
        FieldKind.LONG_TEXT,
        FieldKind.EMAIL,
        FieldKind.PHONE,
        FieldKind.URL,
        FieldKind.POSTAL_CODE,
        FieldKind.ADDRESS,
        FieldKind.AUTONUMBER,
    }
)
"""Kinds whose values are texts that people read as such."""
_members: Final = SQLModel.metadata.tables[str(Membership.__tablename__)].c
_ALWAYS: Final = (Comparison.EMPTY, Comparison.FILLED)
_SAME: Final = (Comparison.EQUALS, Comparison.NOT_EQUALS)
_ORDERED: Final = (
    Comparison.FROM,
    Comparison.TO,
    Comparison.ABOVE,
    Comparison.BELOW,
    Comparison.BETWEEN,
)


def comparisons_of(kind: FieldKind) -> tuple[Comparison, ...]:
    """Return how fields of a kind can be compared, the most usual first."""
    found: tuple[Comparison, ...]
    if kind in (FieldKind.MULTI_SELECT, FieldKind.LINKS):
        found = (Comparison.HAS, Comparison.ANY_OF, *_SAME, Comparison.CONTAINS)
    elif kind is FieldKind.CHECKBOX:
        found = _SAME
    elif kind in OWNERS:
        found = (Comparison.MINE, *_SAME, Comparison.ANY_OF)
    elif kind in DAYS:
        found = (Comparison.WITHIN, *_SAME, *_ORDERED)
    elif kind in (FieldKind.SELECT, FieldKind.LINK):
        found = (*_SAME, Comparison.ANY_OF)
    elif kind in WRITTEN:
        written = (Comparison.CONTAINS, Comparison.BEGINS)
        found = (*written, *_SAME, Comparison.ANY_OF, *_ORDERED)
    else:
        found = (*_SAME, *_ORDERED, Comparison.ANY_OF)
    searched = kind not in SYSTEM and Comparison.CONTAINS not in found
    further = (Comparison.CONTAINS,) if searched else ()
    return (*found, *further, *_ALWAYS)


class Asking:
    """Turns conditions into SQL over the rows of one table, as one reader sees it."""

    def __init__(
        self,
        rows: Table,
        fields: Mapping[int, FieldInfo],
        find: Find,
        around: Around,
        unsearched: frozenset[int] = frozenset(),
    ) -> None:
        self._rows, self._fields, self._find, self._around = rows, fields, find, around
        self._unsearched = unsearched

    def field(self, number: int) -> FieldInfo:
        """Return a visible field; a hidden one does not exist for this person."""
        if number not in self._fields:
            raise InvalidInput(field="field", reason=NO_FIELD)
        return self._fields[number]

    def tree(self, conditions: Conditions) -> ColumnElement[bool]:
        """Return what a tree of conditions asks for. Raise InvalidInput if it makes no sense."""
        parts = [self.holds(one) for one in conditions.filters]
        parts += [self.tree(group) for group in conditions.groups if group]
        if not parts:
            return true()
        return and_(*parts) if conditions.join is Join.ALL else or_(*parts)

    def holds(self, chosen: Filter) -> ColumnElement[bool]:
        """Return what one condition asks for. Raise InvalidInput if it makes no sense."""
        field = self.field(chosen.field)
        try:
            return self._holds(field, chosen)
        except Unfit as error:
            raise InvalidInput(field=field.name, reason=error.reason) from error

    def _holds(self, field: FieldInfo, chosen: Filter) -> ColumnElement[bool]:
        test, many = chosen.test, is_many(field)
        if many and test in _ORDERED:
            raise Unfit(NO_ORDER)
        if not many and test is Comparison.HAS:
            raise Unfit(ONE_VALUE)
        if test not in comparisons_of(field.kind):
            raise Unfit(NO_SENSE)
        if test in (Comparison.CONTAINS, Comparison.BEGINS):
            return self._written(field, chosen)
        if test is Comparison.WITHIN:
            return self._within_days(field, chosen)
        if test is Comparison.MINE:
            return self._mine(field)
        read = type_of(field).reader(field, self._around)
        if test is Comparison.ANY_OF:
            values = [read(one) for one in chosen.values if one]
            if not values:
                raise Unfit(NO_VALUE)
            return self._any_of_many(field, values) if many else self._column(field).in_(values)
        asks = chosen.value and test not in _ALWAYS
        value = read(chosen.value) if asks else None
        if many:
            return self._of_many(field, test, str(value or ""))
        ends = chosen.second and test is Comparison.BETWEEN
        second = read(chosen.second) if ends else None
        return self._of_one(field, test, value, second)

    def _column(self, field: FieldInfo) -> ColumnElement[Any]:
        return self._rows.c[field.column]

    def _of_one(
        self, field: FieldInfo, test: Comparison, value: Stored, second: Stored
    ) -> ColumnElement[bool]:
        """Return what is asked of a field that has one value."""
        column = self._column(field)
        if test is Comparison.EMPTY or (value is None and test is Comparison.EQUALS):
            return column.is_(None)
        if test is Comparison.FILLED or (value is None and test is Comparison.NOT_EQUALS):
            return column.is_not(None)
        if value is None or (test is Comparison.BETWEEN and second is None):
            raise Unfit(NO_VALUE)
        if test is Comparison.EQUALS:
            return column == value
        if test is Comparison.NOT_EQUALS:
            return or_(column != value, column.is_(None))
        if test is Comparison.BETWEEN:
            return and_(column >= value, column <= second)
        found: dict[Comparison, ColumnElement[bool]] = {
            Comparison.FROM: column >= value,
            Comparison.TO: column <= value,
            Comparison.ABOVE: column > value,
            Comparison.BELOW: column < value,
        }
        return found[test]

    def _mine_of_many(self, field: FieldInfo) -> tuple[Any, Any]:
        many = junction(field)
        mine = select(literal(1)).select_from(many).where(many.c.a == self._rows.c.id)
        return many, mine.correlate(self._rows)

    def _of_many(self, field: FieldInfo, test: Comparison, stored: str) -> ColumnElement[bool]:
        """Return what is asked of a field that has many values."""
        many, mine = self._mine_of_many(field)
        some: ColumnElement[bool] = mine.exists()
        if test is Comparison.FILLED or (not stored and test is Comparison.NOT_EQUALS):
            return some
        if test is Comparison.EMPTY or (not stored and test is Comparison.EQUALS):
            return ~some
        if not stored:
            raise Unfit(NO_VALUE)
        numbers = [int(one) for one in stored.split(",") if one]
        conditions: list[ColumnElement[bool]] = [
            mine.where(many.c.b == number).exists() for number in numbers
        ]
        if test is not Comparison.HAS:
            conditions.append(~mine.where(many.c.b.not_in(numbers)).exists())
        found = and_(true(), *conditions)
        return ~found if test is Comparison.NOT_EQUALS else found

    def _any_of_many(self, field: FieldInfo, values: list[Any]) -> ColumnElement[bool]:
        many, mine = self._mine_of_many(field)
        numbers = [int(one) for value in values for one in str(value).split(",") if one]
        found: ColumnElement[bool] = mine.where(many.c.b.in_(numbers)).exists()
        return found

    def _written(self, field: FieldInfo, chosen: Filter) -> ColumnElement[bool]:
        needle = fold(chosen.value)
        if field.id in self._unsearched:
            raise Unfit(UNSEARCHED)
        if not needle:
            raise Unfit(NO_VALUE)
        at = 1 if chosen.test is Comparison.BEGINS else None
        return within(self._rows, self._find, field, literal(needle), at)

    def _within_days(self, field: FieldInfo, chosen: Filter) -> ColumnElement[bool]:
        today = dt.date.fromisoformat(self._around.today)
        first, last = days_of(chosen.value, chosen.second, today)
        column = self._column(field)
        if field.kind not in MOMENTS:
            return and_(column >= first.isoformat(), column <= last.isoformat())
        after = last + dt.timedelta(days=1)
        return and_(column >= self._midnight(first), column < self._midnight(after))

    def _midnight(self, day: dt.date) -> int:
        """Return when a day begins where the reader is, in milliseconds."""
        return round(dt.datetime.combine(day, dt.time(), self._around.zone).timestamp() * 1000)

    def _mine(self, field: FieldInfo) -> ColumnElement[bool]:
        column, account = self._column(field), self._around.account
        if not account:
            return false()
        if field.kind is FieldKind.GROUP:
            return column.in_(_groups_of(account))
        return column == account

    def scope(self, scope: Scope) -> ColumnElement[bool]:
        """Return which rows belong to the reader. Raise InvalidInput where that cannot be told."""
        account = self._around.account
        if scope.field == BY_MAKER:
            is_group, column = False, self._rows.c.created_by
        else:
            field = self.field(scope.field)
            if field.kind not in OWNERS:
                raise InvalidInput(field=field.name, reason=NO_OWNER)
            is_group, column = field.kind is FieldKind.GROUP, self._rows.c[field.column]
        if not account:
            return false()  # the machine is nobody
        if is_group:
            return column.in_(_groups_of(account))
        if scope.owned is Owned.OWN:
            return column == account
        colleagues = select(_members.account).where(_members.group.in_(_groups_of(account)))
        return or_(column == account, column.in_(colleagues))


def _groups_of(account: str) -> Select[Any]:
    return select(_members.group).where(_members.account == account)


def within(
    rows: Table, find: Find, field: FieldInfo, needle: ColumnElement[Any], at: int | None = None
) -> ColumnElement[bool]:
    """Return whether the folded text of one field holds `needle`, at a place of it or anywhere."""
    key, s = key_of(field.id), rows.c.s
    start = find(s, key)
    rest = func.substr(s, start + len(key))
    own = func.substr(rest, 1, find(rest, END) - 1)
    found = find(own, needle)
    return and_(start > 0, found > 0 if at is None else found == at)
