"""The one way to the rows of a table.

Row scope and field mask of the Reach are part of every statement.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, case, false, func, literal_column, select
from sqlmodel import Session

from app.core.doors import dialect_of
from app.services.tables import grouping
from app.services.tables.fields import FieldInfo
from app.services.tables.grouping import Grouped
from app.services.tables.marks import mark_at, read_mark
from app.services.tables.physical import FIRST_VALUE, TableInfo
from app.services.tables.reach import Reach
from app.services.tables.searching import Searching
from app.services.tables.selection import Filter, Scope, Selection, Sort, tidy
from app.services.tables.statements import Shape, prepared, statements
from app.services.tables.types.base import NOWHERE, Around, Stored
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
        self._session = session
        dialect = dialect_of(session)
        self._statements = statements(table, reach.hidden, dialect, reach.unsearched)
        self.fields, self.by_id = self._statements.fields, self._statements.by_id
        self._asking = self._statements.asking(around)
        self._scope = reach.rows(self._statements.rows) if reach.rows else None
        self.read_only = reach.read
        self.is_whole = self._scope is None and self._statements.all_visible
        self._searching = Searching(session, table, self._statements)

    def field(self, number: int) -> FieldInfo:
        """Return a visible field. Raise InvalidInput: a hidden one is none."""
        return self._statements.field(number)

    def missing(self, numbers: Sequence[int]) -> list[int]:
        """Return which of some rows lie outside of reach; those that are deleted do too."""
        if self._scope is None:
            return []
        c, found = self._statements.rows.c, set[int]()
        within = select(c.id).where(self._scope, c.deleted_at == 0)
        for start in range(0, len(numbers), AT_ONCE):
            some = within.where(c.id.in_(numbers[start : start + AT_ONCE]))
            found.update(self._session.connection().execute(some).scalars())
        return [number for number in numbers if number not in found]

    def check(self, selection: Selection) -> None:
        """Raise InvalidInput if a condition or an order makes no sense."""
        self._query(Shape("stream", sorts=tidy(selection.sorts)), selection)

    def check_filter(self, chosen: Filter) -> None:
        """Raise InvalidInput if one condition makes no sense here."""
        self._asking.holds(chosen)

    def check_sort(self, sort: Sort) -> None:
        """Raise InvalidInput if an order makes no sense here."""
        self._statements.keys((sort,))

    def check_scope(self, scope: Scope) -> None:
        """Raise InvalidInput if nobody can tell whose the rows are."""
        self._asking.scope(scope)

    def page(self, selection: Selection, *, after: str, before: str, limit: int) -> Found:
        """Return at most `limit` rows after (or before) a mark, and the marks that go on.

        Costs the same anywhere in the table: no OFFSET. Raise InvalidInput.
        """
        sorts, backwards = tidy(selection.sorts), bool(before)
        values: dict[str, Any] = {}
        shape = Shape("page", sorts=sorts, backwards=backwards)
        if given := before or after:
            by = [self._statements.field(sort.field) for sort in sorts if sort.field]
            at = read_mark(given, sorts, list(map(is_text, by)))
            held = at.values or self._values_at(at.row, by)
            shape = shape._replace(mark=tuple(value is not None for value in held))
            values = {f"value{place}": value for place, value in enumerate(held)}
            values["number"] = at.row
        rows: list[Any] = []
        for part in self._parts(shape):
            if (room := limit + 1 - len(rows)) > 0:
                rows += self._all(part, selection, {**values, "limit": room})
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
            self._mark(rows[0], sorts) if goes_back else "",
            self._mark(rows[-1], sorts) if goes_on else "",
        )

    def _values_at(self, number: int, fields: Sequence[FieldInfo]) -> tuple[Stored, ...]:
        """Return what a row, deleted or not, holds in the fields that sort."""
        if not fields:
            return ()
        rows = self._statements.rows
        query = select(*(rows.c[field.column] for field in fields)).where(rows.c.id == number)
        if self._scope is not None:  # a mark is no way to learn of other rows
            query = query.where(self._scope)
        found = self._session.connection().execute(query).first()
        return tuple(found) if found else (None,) * len(fields)

    def _parts(self, shape: Shape) -> list[Shape]:
        """Return the statements that make a page: rows with a value first, then those without."""
        if not self._statements.parts(shape.sorts):
            return [shape]
        filled, empty = shape._replace(part="filled"), shape._replace(part="empty")
        if shape.mark is None:
            return [filled, empty]
        if shape.mark[0]:
            return [filled] if shape.backwards else [filled, empty._replace(mark=None)]
        return [empty, filled._replace(mark=None)] if shape.backwards else [empty]

    def count(self, selection: Selection, cap: int | None = None) -> int:
        """Return how many rows there are; at most `cap` + 1 where one is given."""
        if self._scope is None and not selection.has_conditions:
            hits = self._searching.hits(selection.search)
            if hits is not None:
                return len(hits) if cap is None else min(len(hits), cap + 1)
        if cap is None:
            return int(self._all(Shape("count"), selection, {})[0][0])
        return int(self._all(Shape("count", capped=True), selection, {"limit": cap + 1})[0][0])

    def highest(self) -> int:
        """Return the highest number of a row, which is there or was: how large the table may be."""
        found = self._session.connection().execute(select(func.max(self._statements.rows.c.id)))
        return int(found.scalar() or 0)

    def groups(
        self,
        selection: Selection,
        by: FieldInfo,
        summed: Sequence[FieldInfo],
        *,
        limit: int,
        only: Sequence[Stored] | None = None,
    ) -> list[Grouped]:
        """Return the first groups of the chosen rows by a field; of these keys `only`."""
        key = self._statements.rows.c[by.column]
        query = self._grouped(selection, key, summed, only).limit(limit)
        return [grouping.read(row) for row in self._run(query, selection)]

    def totals(self, selection: Selection, summed: Sequence[FieldInfo]) -> Grouped:
        """Return the figures of all chosen rows."""
        whole = self._grouped(selection, literal_column("NULL"), summed, None)
        rows = list(self._run(whole.order_by(None).group_by(None), selection))
        return grouping.read(rows[0])

    def values_of(self, field: FieldInfo, numbers: Sequence[int]) -> list[Stored]:
        """Return what some rows hold in a field, each value once."""
        rows = self._statements.rows
        query = select(rows.c[field.column]).where(
            self._statements.chosen(*self._further(EVERYTHING), searched=False),
            rows.c.id.in_(numbers),
        )
        return list(self._session.connection().execute(query.distinct()).scalars())

    def _grouped(
        self,
        selection: Selection,
        key: ColumnElement[Any],
        summed: Sequence[FieldInfo],
        only: Sequence[Stored] | None,
    ) -> Select[Any]:
        columns = [self._statements.rows.c[field.column] for field in summed]
        way, further = self._searching.way(selection.search), self._further(selection)
        if way.listed:
            further.append(self._statements.among)
        where = self._statements.chosen(*further, searched=way.searched)
        return grouping.statement(key, columns, where, only).select_from(self._statements.rows)

    def _run(self, query: Select[Any], selection: Selection) -> Iterable[Any]:
        return self._session.connection().execute(
            query, self._searching.way(selection.search).values
        )

    def painted(self, numbers: Sequence[int], filters: Sequence[Filter]) -> dict[int, int]:
        """Return for rows the place of the first condition that holds, where one does."""
        if not filters or not numbers:
            return {}
        rows = self._statements.rows
        rules = [(self._asking.holds(one), place) for place, one in enumerate(filters)]
        query = select(rows.c.id, case(*rules)).where(
            self._statements.chosen(*self._further(EVERYTHING), searched=False),
            rows.c.id.in_(numbers),
        )
        found = self._session.connection().execute(query)
        return {number: place for number, place in found if place is not None}

    def get(self, number: int) -> Any | None:  # noqa: ANN401 - a row of any table
        """Return one row; None where there is none within reach."""
        found = self._all(Shape("one"), EVERYTHING, {"number": number})
        return found[0] if found else None

    def some(self, numbers: Sequence[int]) -> list[Any]:
        """Return those of some rows that are within reach, in the order of their numbers."""
        query = self._query(Shape("some"), EVERYTHING)
        found: list[Any] = []
        for start in range(0, len(numbers), AT_ONCE):
            part = query.where(self._statements.rows.c.id.in_(numbers[start : start + AT_ONCE]))
            found += self._session.connection().execute(part)
        return found

    def revs_of(self, numbers: Sequence[int]) -> dict[int, int]:
        """Return the states of those of some rows that are within reach."""
        c = self._statements.rows.c
        within = self._statements.chosen(*self._further(EVERYTHING), searched=False)
        query = select(c.id, c.rev).where(within)
        found: dict[int, int] = {}
        for start in range(0, len(numbers), AT_ONCE):
            some = query.where(c.id.in_(numbers[start : start + AT_ONCE]))
            found.update((row[0], row[1]) for row in self._session.connection().execute(some))
        return found

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
        way, sorts = self._searching.way(selection.search), tidy(selection.sorts)
        shape = Shape("stream", searched=way.searched, listed=way.listed, sorts=sorts)
        result = self._session.connection().execute(
            self._query(shape, selection),
            way.values,
            execution_options={"stream_results": True, "max_row_buffer": CHUNK},
        )
        with result:  # a cursor of the server goes with whoever stops reading
            for part in result.partitions(CHUNK):
                yield list(part)

    def every(self, selection: Selection, step: int) -> tuple[list[int], int]:
        """Return the number of each `step`th of the chosen rows, in order, and how many there are.

        Of a list that is not searched.
        """
        where = self._statements.chosen(*self._further(selection), searched=False)
        shape = Shape("stream", sorts=tidy(selection.sorts))
        query = self._statements.ordered(select(self._statements.rows.c.id).where(where), shape)
        options = {"stream_results": True, "max_row_buffer": CHUNK}
        result = self._session.connection().execute(query, execution_options=options)
        found: list[int] = []
        count = 0
        with result:
            for part in result.partitions(CHUNK):
                found += [row[0] for place, row in enumerate(part, count + 1) if not place % step]
                count += len(part)
        return found, count

    def _all(self, shape: Shape, selection: Selection, values: dict[str, Any]) -> list[Any]:
        """Run a statement over the chosen rows; with filters it is built for this one time."""
        is_alone = self._scope is None and not selection.has_conditions
        if selection.search:
            page = shape if is_alone and shape.kind == "page" else None
            way = self._searching.way(selection.search, page, values)
            shape = shape._replace(searched=way.searched, listed=way.listed)
            values |= way.values
        if is_alone:
            return prepared(self._statements, shape).all(self._session, **values)
        query = self._query(shape, selection)
        return list(self._session.connection().execute(query, values))

    def _query(self, shape: Shape, selection: Selection) -> Select[Any]:
        return self._statements.build(shape, *self._further(selection))

    def _further(self, selection: Selection) -> list[ColumnElement[bool]]:
        """Return what holds of the chosen rows, the reader's reach first."""
        further: list[ColumnElement[bool]] = [] if self._scope is None else [self._scope]
        if selection.nothing:
            further.append(false())
        if selection.scope is not None:
            further.append(self._asking.scope(selection.scope))
        if selection.where:
            further.append(self._asking.tree(selection.where))
        return further

    def _mark(self, row: Any, sorts: tuple[Sort, ...]) -> str:  # noqa: ANN401 - a row of any table
        by = [self.by_id[sort.field].column for sort in sorts if sort.field]
        return mark_at(sorts, [getattr(row, column) for column in by], row.id)
