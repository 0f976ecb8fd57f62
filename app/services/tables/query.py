"""The one way to the rows of a table (table-engine.md, rules 1, 7, 8, 11).

Every statement is built of SQLAlchemy objects whose names are numbers; what people type is only
ever a bound value. Row scope and field mask of the Reach are part of every statement.
"""

from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    false,
    func,
    literal,
    or_,
    select,
    true,
)
from sqlmodel import Session

from app.core.errors import InvalidInput
from app.core.messages import mark
from app.services.tables import kinds
from app.services.tables.errors import Unfit
from app.services.tables.folding import END, fold, key_of
from app.services.tables.physical import FieldInfo, TableInfo, sql_table
from app.services.tables.reach import Reach
from app.services.tables.selection import Comparison, Filter, Mark, Selection, Sort, read_mark

CHUNK: Final = 2_000
"""Rows that a stream takes from the database at once."""


class Found:
    """Some rows: number, rev, who and when, then the visible fields in order."""

    __slots__ = ("after", "before", "rows")

    def __init__(self, rows: list[Any], before: str, after: str) -> None:
        self.rows, self.before, self.after = rows, before, after


class Rows:
    """The rows of one table as one person reaches them."""

    def __init__(self, session: Session, table: TableInfo, reach: Reach) -> None:
        self.table = table
        self.fields = tuple(field for field in table.fields if field.id not in reach.hidden)
        self._session = session
        self._sql = sql_table(table)
        self._all_visible = not reach.hidden
        self._scope = reach.rows(self._sql) if reach.rows else true()
        self._by_id = {field.id: field for field in self.fields}
        self._find: Any = func.instr if session.get_bind().dialect.name == "sqlite" else func.strpos

    def _field(self, number: int) -> FieldInfo:
        """Return a visible field; a hidden one does not exist for this person."""
        if number not in self._by_id:
            raise InvalidInput(field="field", reason=mark("The table has no such field."))
        return self._by_id[number]

    def _within(self, field: FieldInfo, needle: str) -> ColumnElement[bool]:
        """Return whether the folded text of one field holds `needle`."""
        key, s = key_of(field.id), self._sql.c.s
        start = self._find(s, key)
        rest = func.substr(s, start + len(key))
        own = func.substr(rest, 1, self._find(rest, END) - 1)
        return and_(start > 0, self._find(own, needle) > 0)

    def _matches(self, search: str) -> ColumnElement[bool]:
        needle = fold(search.strip())
        if not needle:
            return true()
        anywhere: ColumnElement[bool] = self._find(self._sql.c.s, needle) > 0
        if self._all_visible:
            return anywhere
        # a hit in a hidden field would tell what stands there
        return and_(anywhere, or_(false(), *(self._within(field, needle) for field in self.fields)))

    def _holds(self, chosen: Filter) -> ColumnElement[bool]:
        field = self._field(chosen.field)
        column = self._sql.c[field.column]
        if chosen.test is Comparison.EMPTY:
            return column.is_(None)
        if chosen.test is Comparison.FILLED:
            return column.is_not(None)
        if chosen.test is Comparison.CONTAINS:
            needle = fold(chosen.value)
            return self._within(field, needle) if needle else true()
        try:
            value = kinds.store(field.kind, field.scale, chosen.value)
        except Unfit as error:
            raise InvalidInput(field=field.name, reason=error.reason) from error
        if value is None:
            return column.is_(None) if chosen.test is Comparison.EQUALS else true()
        if chosen.test is Comparison.EQUALS:
            return column == value
        return column >= value if chosen.test is Comparison.FROM else column <= value

    def condition(self, selection: Selection) -> ColumnElement[bool]:
        """Return what holds for the chosen rows. Raise InvalidInput if a filter makes no sense."""
        return and_(
            self._sql.c.deleted_at == 0,
            self._scope,
            self._matches(selection.search),
            *(self._holds(chosen) for chosen in selection.filters),
        )

    def _columns(self) -> list[ColumnElement[Any]]:
        c = self._sql.c
        system = (c.id, c.rev, c.created_at, c.created_by, c.updated_at, c.updated_by)
        return [*system, *(c[field.column] for field in self.fields)]

    def _ordered(self, query: Select[Any], sort: Sort, *, backwards: bool) -> Select[Any]:
        number = self._sql.c.id
        turn = sort.descending is not backwards
        by_number = number.desc() if turn else number.asc()
        if not sort.field:
            return query.order_by(by_number)
        column = self._sql.c[self._field(sort.field).column]
        empty = column.is_(None)
        return query.order_by(
            empty.desc() if backwards else empty.asc(),
            column.desc() if turn else column.asc(),
            by_number,
        )

    def _beyond(self, at: Mark, *, backwards: bool) -> ColumnElement[bool]:
        """Return which rows come after a mark (before it, when going backwards)."""
        number = self._sql.c.id
        turn = at.descending is not backwards
        further = number < at.row if turn else number > at.row
        if not at.field:
            return further
        column = self._sql.c[self._field(at.field).column]
        if at.value is None:
            tied = and_(column.is_(None), further)
            return or_(column.is_not(None), tied) if backwards else tied
        past = column < at.value if turn else column > at.value
        tied = and_(column == at.value, further)
        return or_(past, tied) if backwards else or_(past, tied, column.is_(None))

    def _mark(self, row: Any, sort: Sort) -> str:  # noqa: ANN401 - a row of any table
        value = getattr(row, self._by_id[sort.field].column) if sort.field else None
        return Mark(sort.field, sort.descending, value, row.id).encode()

    def page(self, selection: Selection, *, after: str, before: str, limit: int) -> Found:
        """Return at most `limit` rows after (or before) a mark, and the marks that go on.

        Costs the same anywhere in the table: no OFFSET (rule 7). Raise InvalidInput.
        """
        sort, backwards = selection.sort, bool(before)
        query = select(*self._columns()).where(self.condition(selection)).limit(limit + 1)
        if given := before or after:
            of_text = bool(sort.field) and self._field(sort.field).is_text
            at = read_mark(given, sort, of_text=of_text)
            query = query.where(self._beyond(at, backwards=backwards))
        query = self._ordered(query, sort, backwards=backwards)
        rows = list(self._session.connection().execute(query))
        more = len(rows) > limit
        rows = rows[:limit]
        if backwards:
            rows.reverse()
        if not rows:
            return Found([], "", "")
        goes_back = more if backwards else bool(after)
        goes_on = True if backwards else more
        return Found(
            rows,
            self._mark(rows[0], sort) if goes_back else "",
            self._mark(rows[-1], sort) if goes_on else "",
        )

    def count(self, selection: Selection, cap: int | None = None) -> int:
        """Return how many rows there are; at most `cap` + 1 where one is given."""
        wanted = select(literal(1)).select_from(self._sql).where(self.condition(selection))
        if cap is not None:
            wanted = wanted.limit(cap + 1)
        counted = select(func.count()).select_from(wanted.subquery())
        return int(self._session.connection().execute(counted).scalar_one())

    def get(self, number: int) -> Any | None:  # noqa: ANN401 - a row of any table
        """Return one row; None where there is none within reach."""
        query = select(*self._columns()).where(
            self.condition(Selection()), self._sql.c.id == number
        )
        return self._session.connection().execute(query).first()

    def stream(self, selection: Selection) -> Iterator[list[Any]]:
        """Return all chosen rows, in order, some thousand at a time: the visible fields only."""
        query = select(*(self._sql.c[field.column] for field in self.fields))
        query = self._ordered(
            query.where(self.condition(selection)), selection.sort, backwards=False
        )
        result = self._session.connection().execute(
            query, execution_options={"stream_results": True, "max_row_buffer": CHUNK}
        )
        for part in result.partitions(CHUNK):
            yield list(part)
