"""Values of one type as values of another: through the text that people would type."""

import re
from collections.abc import Iterable, Iterator
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta
from sqlalchemy import Select, select
from sqlmodel import Session

from app.core.doors import dialect_of
from app.files.errors import Unfit
from app.services.tables.fields import LONGEST_OPTION, MOST_OPTIONS, FieldInfo, Option
from app.services.tables.models import FieldKind
from app.services.tables.physical import TableInfo
from app.services.tables.statements import statements
from app.services.tables.types.base import Around, Stored
from app.services.tables.types.choices import same
from app.services.tables.types.registry import reader_of, writer_of

SHOWN: Final = 100
"""Values that do not fit which a preview lists; it counts them all."""
AT_ONCE: Final = 2_000
_FORBIDDEN: Final = re.compile("[\x00-\x1f\x7f;；]")
_BETWEEN: Final = re.compile(r"[;；\r\n]+")


class Loss(msgspec.Struct, frozen=True, kw_only=True):
    """A value that the new type cannot hold."""

    record: Annotated[int, Meta(description="Number of the record.")]
    text: Annotated[str, Meta(description="What stands there.")]
    reason: Annotated[str, Meta(description="Why it does not fit.")]


class Conversion:
    """Turns values of `source` into values of `target`.

    On the way back `target` is the column that was out of use: what it holds is kept wherever it
    says what `source` says now.
    """

    def __init__(
        self, source: FieldInfo, target: FieldInfo, around: Around, *, back: bool = False
    ) -> None:
        self._write, self._read = writer_of(source, around), reader_of(target, around)
        self._there = reader_of(source, around)
        self._kept = writer_of(target, around)
        self._back = back

    def text(self, stored: Stored) -> str:
        """Return a value as people would type it."""
        return "" if stored is None else self._write(stored)

    def value(self, stored: Stored, former: Stored = None) -> Stored:
        """Return the value for the new type. Raise Unfit."""
        if self._back and former is not None and self._says_the_same(stored, former):
            return former
        text = self.text(stored)
        if not text:
            return None
        found = self._read(text)
        return None if found == "" else found

    def _says_the_same(self, stored: Stored, former: Stored) -> bool:
        try:
            return self._there(self._kept(former)) == stored
        except Unfit:
            return stored is None  # it could not be converted, and nobody wrote anything since


def values_of(
    session: Session, table: TableInfo, source: FieldInfo, target: FieldInfo | None = None
) -> Select[Any]:
    """Return the statement of number, value and (of `target`) former value of each row."""
    made = statements(table, frozenset(), dialect_of(session))
    columns = [made.rows.c.id, made.value(source).label("value")]
    if target is not None:
        columns.append(made.value(target).label("former"))
    return select(*columns)


def losses(
    session: Session,
    table: TableInfo,
    source: FieldInfo,
    target: FieldInfo,
    conversion: Conversion,
    *,
    back: bool,
) -> Iterator[Loss | None]:
    """Yield for each filled row of a table what it would lose; None for nothing."""
    rows = statements(table, frozenset(), dialect_of(session)).rows
    wanted = values_of(session, table, source, target if back else None)
    result = session.connection().execute(
        wanted.where(rows.c.deleted_at == 0).order_by(rows.c.id),
        execution_options={"stream_results": True, "max_row_buffer": AT_ONCE},
    )
    for part in result.partitions(AT_ONCE):
        for row in part:
            if row[1] is None:
                continue
            try:
                conversion.value(row[1], row[2] if back else None)
            except Unfit as unfit:
                text = conversion.text(row[1])
                yield Loss(record=row[0], text=text[:200], reason=unfit.reason)
            else:
                yield None


def options_among(texts: Iterable[str], kind: FieldKind) -> tuple[Option, ...]:
    """Return the choices that texts name, as they come; what cannot be a choice is left out.

    Only as many as a field can have: what is beyond them does not fit, and is told.
    """
    names: dict[str, None] = {}
    for text in texts:
        parts = _BETWEEN.split(text) if kind is FieldKind.MULTI_SELECT else [text]
        for part in parts:
            name = part.strip()
            if name and len(name) <= LONGEST_OPTION and not _FORBIDDEN.search(name):
                names.setdefault(name)
        if len(names) >= MOST_OPTIONS:
            break
    unique: dict[str, str] = {}
    for name in names:
        unique.setdefault(same(name), name)
    chosen = list(unique.values())[:MOST_OPTIONS]
    return tuple(Option(id=number, name=name) for number, name in enumerate(chosen, 1))
