"""Statements over the rows of a table: what they look like, without the values.

Every statement is built of SQLAlchemy objects whose names are numbers; what people type is only
ever a bound value. Without filters there are few of them, so they are kept ready.
"""

import functools
from typing import Any, Final, Literal, NamedTuple

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    Select,
    Table,
    Text,
    and_,
    bindparam,
    false,
    func,
    literal,
    or_,
    select,
    true,
)

from app.core.errors import InvalidInput
from app.core.messages import mark
from app.core.prepared import Prepared
from app.files.errors import Unfit
from app.services.tables import kinds
from app.services.tables.folding import END, fold, key_of
from app.services.tables.physical import SHOWN_COLUMNS, FieldInfo, TableInfo, sql_table
from app.services.tables.selection import Comparison, Filter, Sort

NEEDLE: Final = bindparam("needle", type_=Text())
"""The folded text that is searched for."""
LIMIT: Final = bindparam("limit", type_=BigInteger())
NUMBER: Final = bindparam("number", type_=BigInteger())
"""Number of a row: the one that is asked for, or the last one of the page before."""


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
        self, rows: Table, fields: tuple[FieldInfo, ...], *, all_visible: bool, find: str
    ) -> None:
        self.rows, self.fields = rows, fields
        self.by_id = {field.id: field for field in fields}
        self.all_visible = all_visible
        self._find: Any = getattr(func, find)

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
        values = [c[field.column] for field in self.fields]
        if shape.kind == "stream":
            return self._ordered(select(*values).where(where), shape)
        query = select(*(c[name] for name in SHOWN_COLUMNS), *values).where(where)
        if shape.kind == "one":
            return query.where(c.id == NUMBER)
        if shape.mark:
            query = query.where(self._beyond(shape))
        return self._ordered(query, shape).limit(LIMIT)

    def holds(self, chosen: Filter) -> ColumnElement[bool]:
        """Return what a filter asks for. Raise InvalidInput if it makes no sense."""
        field = self.field(chosen.field)
        column = self.rows.c[field.column]
        if chosen.test is Comparison.EMPTY:
            return column.is_(None)
        if chosen.test is Comparison.FILLED:
            return column.is_not(None)
        if chosen.test is Comparison.CONTAINS:
            needle = fold(chosen.value)
            return self._within(field, literal(needle)) if needle else true()
        try:
            value = kinds.store(field.kind, field.scale, chosen.value)
        except Unfit as error:
            raise InvalidInput(field=field.name, reason=error.reason) from error
        if value is None:
            return column.is_(None) if chosen.test is Comparison.EQUALS else true()
        if chosen.test is Comparison.EQUALS:
            return column == value
        return column >= value if chosen.test is Comparison.FROM else column <= value

    def _within(self, field: FieldInfo, needle: BindParameter[Any]) -> ColumnElement[bool]:
        """Return whether the folded text of one field holds `needle`."""
        key, s = key_of(field.id), self.rows.c.s
        start = self._find(s, key)
        rest = func.substr(s, start + len(key))
        own = func.substr(rest, 1, self._find(rest, END) - 1)
        return and_(start > 0, self._find(own, needle) > 0)

    def _matches(self) -> ColumnElement[bool]:
        anywhere: ColumnElement[bool] = self._find(self.rows.c.s, NEEDLE) > 0
        if self.all_visible:
            return anywhere
        # a hit in a hidden field would tell what stands there
        return and_(anywhere, or_(false(), *(self._within(field, NEEDLE) for field in self.fields)))

    def _ordered(self, query: Select[Any], shape: Shape) -> Select[Any]:
        number, sort = self.rows.c.id, shape.sort
        turn = sort.descending is not shape.backwards
        by_number = number.desc() if turn else number.asc()
        if not sort.field:
            return query.order_by(by_number)
        column = self.rows.c[self.field(sort.field).column]
        empty = column.is_(None)
        return query.order_by(
            empty.desc() if shape.backwards else empty.asc(),
            column.desc() if turn else column.asc(),
            by_number,
        )

    def _beyond(self, shape: Shape) -> ColumnElement[bool]:
        """Return which rows come after a mark (before it, when going backwards)."""
        number, sort, backwards = self.rows.c.id, shape.sort, shape.backwards
        turn = sort.descending is not backwards
        further = number < NUMBER if turn else number > NUMBER
        if not sort.field:
            return further
        column = self.rows.c[self.field(sort.field).column]
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
        find="instr" if dialect == "sqlite" else "strpos",
    )


@functools.lru_cache(maxsize=512)
def prepared(made: Statements, shape: Shape) -> Prepared:
    """Return the statement of a shape without filters, ready to run."""
    return Prepared(made.build(shape))
