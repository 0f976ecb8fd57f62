"""The one way to the rows of a table (table-engine.md, rules 1, 7, 8, 11).

Row scope and field mask of the Reach are part of every statement.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, select
from sqlmodel import Session

from app.core.doors import dialect_of
from app.services.tables.folding import fold
from app.services.tables.physical import FIRST_VALUE, TableInfo
from app.services.tables.reach import Reach
from app.services.tables.selection import Mark, Selection, Sort, read_mark
from app.services.tables.statements import Shape, prepared, statements
from app.services.tables.types.base import NOWHERE, Around
from app.services.tables.types.registry import is_many, is_text

CHUNK: Final = 2_000
"""Rows that a stream takes from the database at once."""
AT_ONCE: Final = 500
"""Numbers in one list of a statement."""
EVERYTHING: Final = Selection()


class Found:
    """Some rows: number, rev, who and when, then the visible fields in order."""

    __slots__ = ("after", "before", "rows")

    def __init__(self, rows: list[Any], before: str, after: str) -> None:
        self.rows, self.before, self.after = rows, before, after


class Rows:
    """The rows of one table as one person reaches them."""

    def __init__(
        self, session: Session, table: TableInfo, reach: Reach, around: Around = NOWHERE
    ) -> None:
        self.table = table
        self._around = around
        self._session = session
        self._statements = statements(table, reach.hidden, dialect_of(session))
        self.fields, self.by_id = self._statements.fields, self._statements.by_id
        self._scope = reach.rows(self._statements.rows) if reach.rows else None
        self.is_whole = self._scope is None and self._statements.all_visible

    def check(self, selection: Selection) -> None:
        """Raise InvalidInput if a filter or the order makes no sense."""
        self._query(Shape("stream", sort=selection.sort), selection)

    def page(self, selection: Selection, *, after: str, before: str, limit: int) -> Found:
        """Return at most `limit` rows after (or before) a mark, and the marks that go on.

        Costs the same anywhere in the table: no OFFSET (rule 7). Raise InvalidInput.
        """
        sort, backwards = selection.sort, bool(before)
        values: dict[str, Any] = {"limit": limit + 1}
        shape = Shape("page", sort=sort, backwards=backwards)
        if given := before or after:
            of_text = bool(sort.field) and is_text(self._statements.field(sort.field))
            at = read_mark(given, sort, of_text=of_text)
            shape = shape._replace(mark="empty" if at.value is None and sort.field else "value")
            values.update(number=at.row, value=at.value)
        rows = self._all(shape, selection, values)
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
        if cap is None:
            return int(self._all(Shape("count"), selection, {})[0][0])
        return int(self._all(Shape("count", capped=True), selection, {"limit": cap + 1})[0][0])

    def get(self, number: int) -> Any | None:  # noqa: ANN401 - a row of any table
        """Return one row; None where there is none within reach."""
        found = self._all(Shape("one"), EVERYTHING, {"number": number})
        return found[0] if found else None

    def search_text(self, number: int) -> str:
        """Return the folded text of a row, with what stood in deleted fields."""
        c = self._statements.rows.c
        return str(self._session.connection().execute(select(c.s).where(c.id == number)).scalar())

    def first_values(self, numbers: Sequence[int]) -> list[tuple[int, Any]]:
        """Return number and first value of some rows: what they are called elsewhere."""
        first = next((field for field in self.fields if not is_many(field)), None)
        if first is None:
            return []
        c = self._statements.rows.c
        query = select(c.id, c[first.column]).where(c.deleted_at == 0)
        if self._scope is not None:
            query = query.where(self._scope)
        found: list[tuple[int, Any]] = []
        for start in range(0, len(numbers), AT_ONCE):
            some = query.where(c.id.in_(numbers[start : start + AT_ONCE]))
            found += [(row[0], row[1]) for row in self._session.connection().execute(some)]
        return found

    def seen(self, row: Sequence[Any]) -> tuple[Any, ...]:
        """Return a whole row with the visible fields only."""
        if self._statements.all_visible:
            return tuple(row)
        values = zip(self.table.fields, row[FIRST_VALUE:], strict=True)
        shown = (value for field, value in values if field.id in self.by_id)
        return (*row[:FIRST_VALUE], *shown)

    def stream(self, selection: Selection) -> Iterator[list[Any]]:
        """Return all chosen rows, in order, some thousand at a time: the visible fields only."""
        needle = fold(selection.search.strip())
        shape = Shape("stream", searched=bool(needle), sort=selection.sort)
        result = self._session.connection().execute(
            self._query(shape, selection),
            {"needle": needle},
            execution_options={"stream_results": True, "max_row_buffer": CHUNK},
        )
        for part in result.partitions(CHUNK):
            yield list(part)

    def _all(self, shape: Shape, selection: Selection, values: dict[str, Any]) -> list[Any]:
        """Run a statement over the chosen rows; with filters it is built for this one time."""
        if selection.search and (needle := fold(selection.search.strip())):
            shape = shape._replace(searched=True)
            values["needle"] = needle
        if self._scope is None and not selection.filters:
            return prepared(self._statements, shape).all(self._session, **values)
        query = self._query(shape, selection)
        return list(self._session.connection().execute(query, values))

    def _query(self, shape: Shape, selection: Selection) -> Select[Any]:
        further: list[ColumnElement[bool]] = [] if self._scope is None else [self._scope]
        further += [self._statements.holds(chosen, self._around) for chosen in selection.filters]
        return self._statements.build(shape, *further)

    def _mark(self, row: Any, sort: Sort) -> str:  # noqa: ANN401 - a row of any table
        column = self.by_id[sort.field].column if sort.field else ""
        value = getattr(row, column) if sort.field else None
        return Mark(sort.field, sort.descending, value, row.id).encode()
