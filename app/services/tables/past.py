"""What records held in former states: their present values, and what each change notes of before.

A state is a record's rev. What a field held in a state is what the next change that touched it
notes as before; where none did since, what it holds now. A field whose type was changed has left
its former column as it was: there lies what it held until then, in the type of its time.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import msgspec
from sqlalchemy import Select, Table, select
from sqlmodel import Session, SQLModel

from app.core.doors import dialect_of
from app.services.tables.catalogue import fields as catalogue_fields
from app.services.tables.fields import SYSTEM, FieldInfo, Settings
from app.services.tables.models import FieldKind, RecordChange
from app.services.tables.personal_data import history
from app.services.tables.physical import FIRST_VALUE, SHOWN_COLUMNS, TableInfo
from app.services.tables.reach import WHOLE_TABLE, Reach
from app.services.tables.shapes import read_shape
from app.services.tables.statements import statements
from app.services.tables.types.base import Stored

changes: Final[Table] = SQLModel.metadata.tables[str(RecordChange.__tablename__)]
AT_ONCE: Final = 500
"""Records that one statement asks for."""
DELETES: Final = frozenset({"delete", "undo_delete"})
"""Changes after which a record is deleted."""
RESTORES: Final = frozenset({"restore", "undo_restore"})
"""Changes after which a deleted record is there again."""


class Columns:
    """Everything that holds or held values of a table: live and deleted fields, former types."""

    def __init__(self, session: Session, table: TableInfo) -> None:
        c = catalogue_fields.c
        rows = list(
            session.connection().execute(
                select(catalogue_fields).where(c.table_id == table.id).order_by(c.position, c.id)
            )
        )
        names = {row.id: row.name for row in rows}
        self.by_column: dict[int, FieldInfo] = {
            row.col or row.id: FieldInfo(
                id=row.successor_of or row.id,
                name=names.get(row.successor_of or row.id, row.name),
                kind=FieldKind(row.kind),
                scale=row.scale,
                settings=msgspec.json.decode(row.settings, type=Settings),
                col=row.col or row.id,
            )
            for row in rows
        }
        self.present: dict[int, int] = {
            row.id: row.col or row.id for row in rows if not row.successor_of
        }
        """Column of each field, the deleted ones too."""
        live = {one.id for one in table.fields}
        self.deleted = frozenset(number for number in self.present if number not in live)

    def visible(self, reach: Reach, *, is_free: bool) -> frozenset[int]:
        """Return the fields whose values a reader may see, of the deleted ones where that is sure.

        What was hidden before it was deleted is hidden after: the rules of a table may name it no
        more. `is_free`: no rule narrows what this reader sees.
        """
        gone = self.deleted if reach.hidden or not is_free else frozenset[int]()
        return frozenset(self.present) - reach.hidden - gone


class Held(NamedTuple):
    """What a field held: in which column, and what."""

    column: int
    stored: Stored
    sure: bool = True
    """Not where its type was changed and changed back, which may have written it anew."""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One change of a record that was there."""

    rev: int
    """State that it made."""
    before: dict[int, Stored]
    change: str
    action: str
    at: int
    by: str
    job: str
    way: str
    fields: str

    @property
    def shape(self) -> Mapping[int, int]:
        """Which column held each field then; nothing where nobody kept it."""
        return read_shape(self.fields)


class Past:
    """One record with all that is known of its former states."""

    def __init__(
        self, row: Sequence[Any], columns: Columns, values: Mapping[int, Stored], deleted_at: int
    ) -> None:
        self.number, self.rev = row[0], row[1]
        self.created_at, self.created_by = row[2], row[3]
        self.updated_at, self.updated_by = row[4], row[5]
        self.deleted_at = deleted_at
        self.columns, self.values = columns, values
        self.entries: list[Entry] = []
        """From the oldest to the newest."""

    def now(self, field: int) -> Stored:
        """Return what a field holds now."""
        return self.values.get(self.columns.present[field])

    def held(self, state: int, field: int, shape: Mapping[int, int]) -> Held:
        """Return what a field held in a state, whose change had this shape."""
        present, wanted = self.columns.present[field], shape.get(field, 0)
        for entry in self.entries:
            if entry.rev > state and field in entry.before:
                column = entry.shape.get(field, present)
                if wanted in (0, column):
                    return Held(column, entry.before[field])
                break
        else:
            if wanted in (0, present):
                return Held(present, self.values.get(present))
        # its type was changed since, and what the former column held stayed there
        return Held(wanted, self.values.get(wanted), sure=wanted != present)

    def was_deleted(self, state: int) -> bool:
        """Tell whether the record was a deleted one in a state."""
        upto = [one for one in self.entries if one.rev <= state]
        last = next((one for one in reversed(upto) if one.action in DELETES | RESTORES), None)
        return last is not None and last.action in DELETES

    def state(self, field: int) -> int:
        """Return the state in which a field got the value that it holds."""
        return max((one.rev for one in self.entries if field in one.before), default=1)


def load(
    session: Session,
    table: TableInfo,
    numbers: Sequence[int],
    columns: Columns,
    reach: Reach = WHOLE_TABLE,
) -> dict[int, Past]:
    """Return records with their past, deleted ones too, as far as `reach` reaches."""
    query, order = _rows(session, table, columns, reach)
    c = history.c
    former = (
        select(
            c.record_id, c.rev, c.before,
            changes.c.id, changes.c.action, changes.c.at, changes.c.by, changes.c.job,
            changes.c.way, changes.c.fields,
        )
        .join(changes, changes.c.id == c.change_id)
        .where(c.table_id == table.id)
        .order_by(c.record_id, c.rev)
    )  # fmt: skip
    connection, found = session.connection(), dict[int, Past]()
    number = statements(table, frozenset(), dialect_of(session)).rows.c.id
    for start in range(0, len(numbers), AT_ONCE):
        some = numbers[start : start + AT_ONCE]
        for row in connection.execute(query.where(number.in_(some))):
            values = dict(zip(order, row[FIRST_VALUE + 1 :], strict=True))
            found[row[0]] = Past(row, columns, values, row[FIRST_VALUE])
        for row in connection.execute(former.where(c.record_id.in_(some))):
            if (past := found.get(row[0])) is not None:
                past.entries.append(_entry(row))
    return found


def _entry(row: Sequence[Any]) -> Entry:
    _, rev, before, change, action, at, by, job, way, shape = row
    return Entry(
        rev=rev,
        before=msgspec.json.decode(before, type=dict[int, Stored]),
        change=change,
        action=action,
        at=at,
        by=by,
        job=job,
        way=way,
        fields=shape,
    )


def _rows(
    session: Session, table: TableInfo, columns: Columns, reach: Reach
) -> tuple[Select[Any], Sequence[int]]:
    """Return what selects whole rows, with the columns of deleted fields and former types."""
    made = statements(table, frozenset(), dialect_of(session))
    c = made.rows.c
    order = [column for column, field in columns.by_column.items() if field.kind not in SYSTEM]
    values = (made.value(columns.by_column[column]) for column in order)
    query = select(*(c[name] for name in SHOWN_COLUMNS), c.deleted_at, *values)
    return (query if reach.rows is None else query.where(reach.rows(made.rows))), order
