"""The record history: what a change leaves, in the transaction of the change.

An operation that changes rows writes one RecordChange, whose Merkle root stands in the
operation's event, and for each row that had a state before, that state. So the sealed history
covers every row without holding its values. Leaves are salted: nobody guesses a value from them.
"""

import functools
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import Table, insert
from sqlmodel import SQLModel

from app.audit.merkle import frontier_at, leaf_hash, levels_of, root_of
from app.core.identifiers import new_identifier
from app.core.prepared import Prepared
from app.operations.context import Context, Plane
from app.services.tables.models import RecordChange, RecordHistory
from app.services.tables.physical import TableInfo
from app.services.tables.shapes import shape_of
from app.services.tables.types.base import Stored

SALT_BYTES: Final = 16
NO_BEFORE: Final[Mapping[int, Mapping[int, Stored]]] = {}
"""Rows that were not there yet have no state before."""

_changes: Table = SQLModel.metadata.tables[str(RecordChange.__tablename__)]
_history: Table = SQLModel.metadata.tables[str(RecordHistory.__tablename__)]
_CHANGE: Final = Prepared(insert(_changes), [column.name for column in _changes.c])
_BEFORE: Final = Prepared(insert(_history), ["change_id", "table_id", "record_id", "rev", "before"])
_canonical = msgspec.json.Encoder(order="deterministic")


def leaves(salt: bytes, table: TableInfo, rows: Iterable[Sequence[Any]]) -> list[bytes]:
    """Return the leaf hash of each row: its number, its rev, its values in the fields' order."""
    return leaves_of(salt, _names(table), rows)


def leaves_of(salt: bytes, names: bytes, rows: Iterable[Sequence[Any]]) -> list[bytes]:
    """Return the leaf hashes of rows of fields that a table had at some time (`names_of`)."""
    head = salt + names
    encode = _canonical.encode
    return [leaf_hash(head + encode(row)) for row in rows]


@functools.lru_cache(maxsize=256)
def _names(table: TableInfo) -> bytes:
    return names_of(table.id, [field.id for field in table.fields])


def names_of(table: int, fields: Sequence[int]) -> bytes:
    """Return what every leaf of a table tells: whose row it is, and of which fields."""
    return _canonical.encode([table, list(fields)])


def merkle_root(hashes: list[bytes]) -> str:
    """Return the root over leaf hashes, hexadecimal."""
    if len(hashes) == 1:  # most changes are of one row, and it is its own root
        return hashes[0].hex()
    return root_of(frontier_at(levels_of(hashes), len(hashes))).hex()


def record(
    context: Context,
    table: TableInfo,
    action: str,
    rows: Sequence[Sequence[Any]],
    before: Mapping[int, Mapping[int, Stored]] = NO_BEFORE,
    *,
    job: str = "",
    at: int = 0,
) -> str:
    """Note what the running operation did, in its event too; return the change's identifier.

    `rows` are the rows as they are now: number, rev, values in the fields' order. `before` says
    for each row that was there already what its changed fields held. `at` is the moment that the
    rows carry, where they carry one: what a leaf holds can be told again only so.
    """
    if not rows:
        return ""
    change, salt = new_identifier(), os.urandom(SALT_BYTES)
    root = merkle_root(leaves(salt, table, rows))
    session = context.session
    _CHANGE.run(
        session,
        id=change,
        table_id=table.id,
        action=action,
        at=at or context.now,
        by=context.actor.account,
        first=rows[0][0],
        last=rows[-1][0],
        rows=len(rows),
        salt=salt.hex(),
        root=root,
        job=job,
        fields=shape_of(table),
        way=_way(context),
    )
    for row in rows if before else ():
        fields = {str(field): value for field, value in before[row[0]].items()}
        _BEFORE.run(
            session,
            change_id=change,
            table_id=table.id,
            record_id=row[0],
            rev=row[1],
            before=_canonical.encode(fields).decode(),
        )
    event = context.event
    event.references.update(change=change, root=root)
    event.numbers["rows"] = len(rows)
    return change


def _way(context: Context) -> str:
    """Return how a change comes: people's words for it stand where it is shown."""
    if context.actor.token:
        return "token"
    return "job" if context.plane is Plane.LOCAL else "page"
