"""Statements over the rows of a table: what they look like, without the values.

Every statement is built of SQLAlchemy objects whose names are numbers; what people type is only
ever a bound value. Without filters there are few of them, so they are kept ready.
"""

import functools
from typing import Any, Final, Literal, NamedTuple

from sqlalchemy import (
    BigInteger,
    BindParameter,
    Column,
    ColumnElement,
    Select,
    Table,
    Text,
    and_,
    bindparam,
    cast,
    false,
    func,
    literal,
    literal_column,
    or_,
    select,
    true,
)

from app.core.errors import InvalidInput
from app.core.messages import mark
from app.core.prepared import Prepared
from app.files.errors import Unfit
from app.services.tables.fields import FieldInfo
from app.services.tables.folding import END, fold, key_of
from app.services.tables.physical import (
    NUMBER as WHOLE,
)
from app.services.tables.physical import (
    SHOWN_COLUMNS,
    TEXT,
    TableInfo,
    junction,
    sql_table,
)
from app.services.tables.selection import Comparison, Filter, Sort
from app.services.tables.types.base import Around, Stored
from app.services.tables.types.registry import has_column, is_many, is_text, type_of

NEEDLE: Final = bindparam("needle", type_=Text())
"""The folded text that is searched for."""
LIMIT: Final = bindparam("limit", type_=BigInteger())
NUMBER: Final = bindparam("number", type_=BigInteger())
"""Number of a row: the one that is asked for, or the last one of the page before."""

NO_ORDER: Final = mark("A field with many values has no order.")
ONE_VALUE: Final = mark("The field has one value: compare it with equals.")


class Shape(NamedTuple):
    """What tells statements without filters apart."""

    kind: Literal["page", "count", "one", "stream"]
    searched: bool = False
    sort: Sort = Sort()
    backwards: bool = False
    mark: Literal["", "value", "empty"] = ""
    """What the page goes on from: a row with or without a value in the sort's field."""
    capped: bool = False


class Statements:
    """Builds the statements over one table for those who see these fields of it."""

    def __init__(
        self,
        rows: Table,
        fields: tuple[FieldInfo, ...],
        *,
        all_visible: bool,
        whole: bool,
        dialect: str,
    ) -> None:
        self.rows, self.fields = rows, fields
        self.by_id = {field.id: field for field in fields}
        self.all_visible = all_visible
        self._whole = whole
        on_sqlite = dialect == "sqlite"
        self._find: Any = getattr(func, "instr" if on_sqlite else "strpos")
        self._join: Any = getattr(func, "group_concat" if on_sqlite else "string_agg")

    def field(self, number: int) -> FieldInfo:
        """Return a visible field; a hidden one does not exist for this person."""
        if number not in self.by_id:
            raise InvalidInput(field="field", reason=mark("The table has no such field."))
        return self.by_id[number]

    def build(self, shape: Shape, *further: ColumnElement[bool]) -> Select[Any]:
        """Return the statement of a shape over the rows for which `further` holds too."""
        where = and_(
            self.rows.c.deleted_at == 0,
            *further,
            self._matches() if shape.searched else true(),
        )
        if shape.kind == "count":
            wanted = select(literal(1)).select_from(self.rows).where(where)
            if shape.capped:
                wanted = wanted.limit(LIMIT)
            return select(func.count()).select_from(wanted.subquery())
        c = self.rows.c
        values = [self.value(field) for field in self.fields]
        if shape.kind == "stream":
            return self._ordered(select(*values).where(where), shape)
        query = select(*(c[name] for name in SHOWN_COLUMNS), *values).where(where)
        if shape.kind == "one":
            return query.where(c.id == NUMBER)
        if shape.mark:
            query = query.where(self._beyond(shape))
        return self._ordered(query, shape).limit(LIMIT)

    def value(self, field: FieldInfo) -> ColumnElement[Any]:
        """Return what stands in a row for a field: of many values their numbers, `3,1,7`."""
        if has_column(field):
            if field.column in self.rows.c:
                return self.rows.c[field.column]
            # the column of a type that the field has not turned to yet
            kind = TEXT if is_text(field) else WHOLE
            return literal_column(f"{self.rows.name}.{field.column}", kind)
        if not is_many(field):
            return self.rows.c[field.column].label(f"f{field.id:d}")
        many = junction(field)
        mine = select(cast(many.c.b, Text()).label("b")).where(many.c.a == self.rows.c.id)
        ordered = mine.order_by(many.c.pos, many.c.b).correlate(self.rows).subquery()
        joined = select(self._join(ordered.c.b, literal_column("','"))).scalar_subquery()
        return joined.label(field.column)

    def _of_many(self, field: FieldInfo, test: Comparison, stored: str) -> ColumnElement[bool]:
        """Return what a filter asks of a field that has many values."""
        many = junction(field)
        mine = select(literal(1)).select_from(many).where(many.c.a == self.rows.c.id)
        mine = mine.correlate(self.rows)
        if test is Comparison.FILLED:
            return mine.exists()
        if test is Comparison.EMPTY or (not stored and test is Comparison.EQUALS):
            return ~mine.exists()
        if test not in (Comparison.HAS, Comparison.EQUALS):
            raise InvalidInput(field=field.name, reason=NO_ORDER)
        numbers = [int(one) for one in stored.split(",") if one]
        conditions: list[ColumnElement[bool]] = [
            mine.where(many.c.b == number).exists() for number in numbers
        ]
        if test is Comparison.EQUALS:
            conditions.append(~mine.where(many.c.b.not_in(numbers)).exists())
        return and_(true(), *conditions)

    def holds(self, chosen: Filter, around: Around) -> ColumnElement[bool]:
        """Return what a filter asks for. Raise InvalidInput if it makes no sense."""
        field = self.field(chosen.field)
        if chosen.test is Comparison.CONTAINS:
            needle = fold(chosen.value)
            return self._within(field, literal(needle)) if needle else true()
        try:
            read = type_of(field).reader(field, around)
            value = read(chosen.value) if chosen.value else None
        except Unfit as error:
            raise InvalidInput(field=field.name, reason=error.reason) from error
        if is_many(field):
            return self._of_many(field, chosen.test, str(value or ""))
        return self._of_one(field, chosen.test, value)

    def _of_one(self, field: FieldInfo, test: Comparison, value: Stored) -> ColumnElement[bool]:
        """Return what a filter asks of a field that has one value."""
        column = self.rows.c[field.column]
        if test is Comparison.HAS:
            raise InvalidInput(field=field.name, reason=ONE_VALUE)
        if test is Comparison.EMPTY or (value is None and test is Comparison.EQUALS):
            return column.is_(None)
        if test is Comparison.FILLED:
            return column.is_not(None)
        if value is None:
            return true()
        if test is Comparison.EQUALS:
            return column == value
        return column >= value if test is Comparison.FROM else column <= value

    def _within(self, field: FieldInfo, needle: BindParameter[Any]) -> ColumnElement[bool]:
        """Return whether the folded text of one field holds `needle`."""
        key, s = key_of(field.id), self.rows.c.s
        start = self._find(s, key)
        rest = func.substr(s, start + len(key))
        own = func.substr(rest, 1, self._find(rest, END) - 1)
        return and_(start > 0, self._find(own, needle) > 0)

    def _matches(self) -> ColumnElement[bool]:
        anywhere: ColumnElement[bool] = self._find(self.rows.c.s, NEEDLE) > 0
        if self._whole:
            return anywhere
        # a hit in a hidden or deleted field would tell what stands there
        return and_(anywhere, or_(false(), *(self._within(field, NEEDLE) for field in self.fields)))

    def _ordered(self, query: Select[Any], shape: Shape) -> Select[Any]:
        number, sort = self.rows.c.id, shape.sort
        turn = sort.descending is not shape.backwards
        by_number = number.desc() if turn else number.asc()
        if not sort.field:
            return query.order_by(by_number)
        column = self._sorted(sort)
        empty = column.is_(None)
        return query.order_by(
            empty.desc() if shape.backwards else empty.asc(),
            column.desc() if turn else column.asc(),
            by_number,
        )

    def _sorted(self, sort: Sort) -> Column[Any]:
        field = self.field(sort.field)
        if is_many(field):
            raise InvalidInput(field=field.name, reason=NO_ORDER)
        return self.rows.c[field.column]

    def _beyond(self, shape: Shape) -> ColumnElement[bool]:
        """Return which rows come after a mark (before it, when going backwards)."""
        number, sort, backwards = self.rows.c.id, shape.sort, shape.backwards
        turn = sort.descending is not backwards
        further = number < NUMBER if turn else number > NUMBER
        if not sort.field:
            return further
        column = self._sorted(sort)
        if shape.mark == "empty":
            tied = and_(column.is_(None), further)
            return or_(column.is_not(None), tied) if backwards else tied
        value = bindparam("value", type_=column.type)
        past = column < value if turn else column > value
        tied = and_(column == value, further)
        return or_(past, tied) if backwards else or_(past, tied, column.is_(None))


@functools.lru_cache(maxsize=256)
def statements(table: TableInfo, hidden: frozenset[int], dialect: str) -> Statements:
    """Return what builds the statements of one table without its hidden fields."""
    return Statements(
        sql_table(table),
        tuple(field for field in table.fields if field.id not in hidden),
        all_visible=not hidden,
        whole=not hidden and not table.has_deleted,
        dialect=dialect,
    )


@functools.lru_cache(maxsize=512)
def prepared(made: Statements, shape: Shape) -> Prepared:
    """Return the statement of a shape without filters, ready to run."""
    return Prepared(made.build(shape))
