"""Statements over the rows of a table: what they look like, without the values.

Every statement is built of SQLAlchemy objects whose names are numbers; what people type is only
ever a bound value. Without conditions there are few of them, so they are kept ready.

Rows without a value come last. So a page that is sorted by a field is read in two parts: rows that
have a value, then those that have none; each part is a walk along an index, in either direction
and on both databases.
"""

import functools
from typing import Any, Final, Literal, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    Table,
    Text,
    and_,
    bindparam,
    case,
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
from app.core.prepared import Prepared
from app.services.tables.conditions import NO_FIELD, NO_ORDER, Asking, within
from app.services.tables.fields import FieldInfo
from app.services.tables.physical import (
    LEAD,
    SHOWN_COLUMNS,
    TEXT,
    TableInfo,
    is_long,
    junction,
    sql_table,
)
from app.services.tables.physical import (
    NUMBER as WHOLE,
)
from app.services.tables.search_finding import among
from app.services.tables.selection import Sort
from app.services.tables.types.base import Around
from app.services.tables.types.registry import has_column, is_many, is_text

_LEAD: Final[ColumnElement[Any]] = literal_column(str(LEAD))  # as the indexes say it
NEEDLE: Final = bindparam("needle", type_=Text())
"""The folded text that is searched for."""
LIMIT: Final = bindparam("limit", type_=BigInteger())
NUMBER: Final = bindparam("number", type_=BigInteger())
"""Number of a row: the one that is asked for, or the last one of the page before."""


class Shape(NamedTuple):
    """What tells statements without filters apart."""

    kind: Literal["page", "count", "one", "some", "stream"]
    searched: bool = False
    sorts: tuple[Sort, ...] = ()
    backwards: bool = False
    part: Literal["", "filled", "empty"] = ""
    """Rows with or without a value in the field that sorts first."""
    mark: tuple[bool, ...] | None = None
    """Which of the sorting fields have a value in the row that the page goes on from."""
    capped: bool = False
    listed: bool = False
    """Of rows whose numbers are given."""


class Key(NamedTuple):
    """One field that sorts."""

    column: ColumnElement[Any]
    descending: bool
    nullable: bool
    lead: Any = None
    """Beginning of a long text, where an index holds that only."""


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
        unsearched: frozenset[int],
    ) -> None:
        self.rows, self.fields = rows, fields
        self.by_id = {field.id: field for field in fields}
        self.all_visible = all_visible
        self._whole = whole
        self._unsearched = unsearched
        self.searched = frozenset(self.by_id) - unsearched
        on_sqlite = dialect == "sqlite"
        self._is_postgresql = not on_sqlite
        self._find: Any = getattr(func, "instr" if on_sqlite else "strpos")
        self._join: Any = getattr(func, "group_concat" if on_sqlite else "string_agg")
        self.among = among(rows, dialect)

    def field(self, number: int) -> FieldInfo:
        """Return a visible field; a hidden one does not exist for this person."""
        if number not in self.by_id:
            raise InvalidInput(field="field", reason=NO_FIELD)
        return self.by_id[number]

    def build(self, shape: Shape, *further: ColumnElement[bool]) -> Select[Any]:
        """Return the statement of a shape over the rows for which `further` holds too."""
        given = (self.among,) if shape.listed else ()
        where = self.chosen(*given, *further, searched=shape.searched)
        if shape.kind == "count":
            wanted = select(literal(1)).select_from(self.rows).where(where)
            if shape.capped:
                wanted = wanted.limit(LIMIT)
            return select(func.count()).select_from(wanted.subquery())
        c = self.rows.c
        values = [self.value(field) for field in self.fields]
        if shape.kind == "stream":
            return self.ordered(select(*values).where(where), shape)
        query = select(*(c[name] for name in SHOWN_COLUMNS), *values).where(where)
        if shape.kind == "one":
            return query.where(c.id == NUMBER)
        if shape.kind == "some":  # whoever asks says which
            return query
        query = query.where(*self._part(shape))
        return self.ordered(query, shape).limit(LIMIT)

    def chosen(self, *further: ColumnElement[bool], searched: bool) -> ColumnElement[bool]:
        """Return which rows are there, and hold `further` and what is searched for."""
        is_there = self.rows.c.deleted_at == literal_column("0")  # as the indexes say it
        return and_(is_there, *further, self._matches() if searched else true())

    def holding(self, *further: ColumnElement[bool]) -> Select[Any]:
        """Return the statement of the numbers of rows that hold what is searched for."""
        return select(self.rows.c.id).where(self.chosen(*further, searched=True))

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

    def asking(self, around: Around) -> Asking:
        """Return what turns a reader's conditions into SQL."""
        return Asking(self.rows, self.by_id, self._find, around, self._unsearched)

    def _matches(self) -> ColumnElement[bool]:
        anywhere: ColumnElement[bool] = self._find(self.rows.c.s, NEEDLE) > 0
        if self._whole:
            return anywhere
        # a hit in a hidden or deleted field would tell what stands there
        found = (
            within(self.rows, self._find, field, NEEDLE)
            for field in self.fields
            if field.id in self.searched
        )
        return and_(anywhere, or_(false(), *found))

    def keys(self, sorts: tuple[Sort, ...]) -> list[Key]:
        """Return what sorts: the fields, then the number. Raise InvalidInput."""
        keys = [self._key(sort) for sort in sorts if sort.field]
        # the number goes the way of the first field: one index serves both directions
        last = sorts[-1] if sorts and not sorts[-1].field else sorts[0] if sorts else Sort()
        return [*keys, Key(self.rows.c.id, last.descending, nullable=False)]

    def _key(self, sort: Sort) -> Key:
        field = self.field(sort.field)
        if is_many(field):
            raise InvalidInput(field=field.name, reason=NO_ORDER)
        column = self.rows.c[field.column]
        lead = func.left(column, _LEAD) if self._is_postgresql and is_long(field) else None
        return Key(column, sort.descending, has_column(field), lead)

    def parts(self, sorts: tuple[Sort, ...]) -> bool:
        """Tell whether pages of these orders are read in two parts."""
        return self.keys(sorts)[0].nullable

    def ordered(self, query: Select[Any], shape: Shape) -> Select[Any]:
        """Return a statement in the order of a shape."""
        ways: list[ColumnElement[Any]] = []
        for place, key in enumerate(self.keys(shape.sorts)):
            down = key.descending is not shape.backwards
            if key.nullable and not (shape.part and place == 0):
                empty = case((key.column.is_(None), 1), else_=0)
                ways.append(empty.desc() if shape.backwards else empty.asc())
            elif shape.part == "empty" and place == 0:
                continue
            elif key.lead is not None:
                ways.append(key.lead.desc() if down else key.lead.asc())
            ways.append(key.column.desc() if down else key.column.asc())
        return query.order_by(*ways)

    def _part(self, shape: Shape) -> list[ColumnElement[bool]]:
        """Return which rows are of a page's part, beyond its mark."""
        keys = self.keys(shape.sorts)
        first, marked = keys[0], shape.mark is not None
        found: list[ColumnElement[bool]] = []
        if shape.part == "empty":
            found.append(first.column.is_(None))
        elif shape.part == "filled":
            found.append(first.column.is_not(None))
        if not marked:
            return found
        if shape.part == "empty":
            return [*found, self._beyond(keys, shape, 1)]
        if shape.part == "filled":
            down = first.descending is not shape.backwards
            value = bindparam("value0", type_=first.column.type)
            found.append(first.column <= value if down else first.column >= value)
            if first.lead is not None:
                lead = func.left(value, _LEAD)
                found.append(first.lead <= lead if down else first.lead >= lead)
        return [*found, self._beyond(keys, shape, 0)]

    def _beyond(self, keys: list[Key], shape: Shape, place: int) -> ColumnElement[bool]:
        """Return which rows come after a mark (before it, going backwards), from a key on."""
        key = keys[place]
        down = key.descending is not shape.backwards
        if place == len(keys) - 1:
            return key.column < NUMBER if down else key.column > NUMBER
        rest = self._beyond(keys, shape, place + 1)
        assert shape.mark is not None  # noqa: S101 - who asks has looked
        if not shape.mark[place]:
            tied = and_(key.column.is_(None), rest)
            return or_(key.column.is_not(None), tied) if shape.backwards else tied
        value = bindparam(f"value{place}", type_=key.column.type)
        past = key.column < value if down else key.column > value
        tied = and_(key.column == value, rest)
        is_last = shape.backwards or not key.nullable or (shape.part and place == 0)
        return or_(past, tied) if is_last else or_(past, tied, key.column.is_(None))


@functools.lru_cache(maxsize=256)
def statements(
    table: TableInfo,
    hidden: frozenset[int],
    dialect: str,
    unsearched: frozenset[int] = frozenset(),
) -> Statements:
    """Return what builds the statements of one table without its hidden fields."""
    return Statements(
        sql_table(table),
        tuple(field for field in table.fields if field.id not in hidden),
        all_visible=not hidden,
        whole=not hidden and not table.has_deleted and not unsearched,
        dialect=dialect,
        unsearched=unsearched,
    )


@functools.lru_cache(maxsize=512)
def prepared(made: Statements, shape: Shape) -> Prepared:
    """Return the statement of a shape without filters, ready to run."""
    return Prepared(made.build(shape))
