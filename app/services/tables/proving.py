"""Whether the Merkle roots of a record's changes still follow from what is kept of it.

The leaf of each row that a change wrote is made anew, of its state after the change. Where the root
is another, something was altered: the record, or what a later change notes of before.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import select
from sqlmodel import Session

from app.core.messages import mark
from app.services.tables.changes import leaves_of, merkle_root, names_of
from app.services.tables.fields import SYSTEM
from app.services.tables.models import FieldKind
from app.services.tables.past import DELETES, Columns, Past, changes, load
from app.services.tables.personal_data import history
from app.services.tables.physical import TableInfo, sql_table
from app.services.tables.reverting import made_by
from app.services.tables.shapes import read_shape
from app.services.tables.types.base import Stored

MISSING: Final = mark("What this change notes of the record is missing.")
RECORD_ALTERED: Final = mark("The record does not stand as this change left it.")
NOTE_ALTERED: Final = mark("What the next change notes of before is not what stood there.")
ONE_OF_MANY: Final = mark("A record of this change, this one or another, does not stand as it did.")
OTHERS_GONE: Final = mark("Records of the same change were erased, so it cannot be checked.")
CHANGE_ALTERED: Final = mark("What is kept of the change does not belong to the record.")
TOO_OLD: Final = mark("The change is older than what is needed to check it.")
TYPE_TURNED: Final = mark("A field changed its type and back since, which wrote its values anew.")


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one state."""

    state: int
    change: str = ""
    at: int = 0
    root: str = ""
    """The root, where it follows from what is kept; empty where it does not, or nobody can tell."""
    altered: bool = False
    reason: str = ""
    named: int = 0
    """State whose note was altered; 0: the record itself, or nobody can tell."""


class _Unknown(Exception):
    """A root cannot be made anew, for a reason that is none of the record's."""


class Prover:
    """Checks records of one table."""

    def __init__(self, session: Session, table: TableInfo, columns: Columns) -> None:
        self._session, self._table, self._columns = session, table, columns

    def check(self, past: Past, creation: Any | None, most: int) -> list[Check]:  # noqa: ANN401
        """Return what came of the newest states of a record, the newest first."""
        by_state = {entry.rev: entry.change for entry in past.entries}
        found: list[Check] = []
        for state in range(past.rev, max(0, past.rev - most), -1):
            change = by_state.get(state, "")
            if state == 1 and creation is not None:
                change = creation.id
            row = self._change(change) if change else None
            if row is None:
                old = state == 1  # rows that came in before imports noted theirs
                found.append(
                    Check(state=state, altered=not old, reason=TOO_OLD if old else MISSING)
                )
                continue
            found.append(self._one(past, state, row, found[-1] if found else None))
        return found

    def _change(self, change: str) -> Any | None:  # noqa: ANN401 - a row
        return (
            self._session.connection()
            .execute(select(changes).where(changes.c.id == change))
            .first()
        )

    def _one(self, past: Past, state: int, change: Any, newer: Check | None) -> Check:  # noqa: ANN401
        told = {"state": state, "change": change.id, "at": change.at}
        try:
            root = self._root(change)
        except _Unknown as unknown:
            if str(unknown) == OTHERS_GONE and change.rows == 1:  # it has no others
                return Check(**told, altered=True, reason=CHANGE_ALTERED)
            return Check(**told, reason=str(unknown))
        if root == change.root:
            return Check(**told, root=root)
        if change.rows > 1:
            return Check(**told, altered=True, reason=ONE_OF_MANY)
        if state == past.rev:
            return Check(**told, altered=True, reason=RECORD_ALTERED)
        known = newer is not None and bool(newer.root)
        named = state + 1 if known else 0
        return Check(**told, altered=True, reason=NOTE_ALTERED, named=named)

    def _root(self, change: Any) -> str:  # noqa: ANN401 - a row
        shape = read_shape(change.fields)
        if not shape:
            raise _Unknown(TOO_OLD)
        written = self._written(change)
        numbers = [number for number, _ in written]
        pasts = load(self._session, self._table, numbers, self._columns)
        if len(written) != change.rows or len(pasts) != len(set(numbers)):
            raise _Unknown(OTHERS_GONE)
        rows = [
            [number, rev, *self._values(pasts[number], rev, change, shape)]
            for number, rev in written
        ]
        names = names_of(self._table.id, list(shape))
        return merkle_root(leaves_of(bytes.fromhex(change.salt), names, rows))

    def _written(self, change: Any) -> list[tuple[int, int]]:  # noqa: ANN401 - a row
        """Return number and state of each row that a change wrote, in the order of its leaves."""
        c, connection = history.c, self._session.connection()
        noted = select(c.record_id, c.rev).where(c.change_id == change.id).order_by(c.id)
        found = [(row[0], row[1]) for row in connection.execute(noted)]
        if found:
            return found
        rows = sql_table(self._table)
        added = select(rows.c.id).where(*made_by(rows, change)).order_by(rows.c.id)
        return [(number, 1) for (number,) in connection.execute(added)]

    def _values(
        self,
        past: Past,
        state: int,
        change: Any,  # noqa: ANN401 - a row
        shape: Mapping[int, int],
    ) -> Sequence[Stored]:
        entry = next((one for one in past.entries if one.rev == state), None)
        if entry is not None and entry.action in DELETES:
            return [entry.before.get(field) for field in shape]
        values: list[Stored] = []
        for field, column in shape.items():
            kind = self._columns.by_column[column].kind
            if kind in SYSTEM:
                values.append(_system(past, change, kind, noted=entry is not None))
                continue
            held = past.held(state, field, shape)
            if not held.sure:
                raise _Unknown(TYPE_TURNED)
            values.append(held.stored)
        return values


def _system(past: Past, change: Any, kind: FieldKind, *, noted: bool) -> Stored:  # noqa: ANN401
    """Return who or when, as the leaf of a change holds it; rows of a file hold none of it."""
    if not noted and change.action == "import":
        return None
    told: dict[FieldKind, Stored] = {
        FieldKind.CREATED_AT: past.created_at,
        FieldKind.CREATED_BY: past.created_by,
        FieldKind.UPDATED_AT: change.at if noted else past.created_at,
        FieldKind.UPDATED_BY: change.by if noted else past.created_by,
    }
    return told[kind]
