"""After a new key was added to the ring: seal everything anew with it.

A model declares a sealed column with the purpose that it is sealed for:
`Field(sa_column_kwargs={"info": {"sealed": "identity.totp:{id}"}})`; names in braces are columns of
the same row. A column may hold other texts too (empty, hashes): only sealed ones are touched.

Each batch is one transaction and leaves nothing half done; what a person changes meanwhile wins;
run again, it goes on with what is left.
"""

import functools
import re
from collections.abc import Iterator
from typing import Any, Final

import msgspec
from sqlalchemy import Column, MetaData, Table, and_, select, tuple_, update
from sqlmodel import Session

from app.core.database import Database
from app.core.keyring import KeyRing

BATCH: Final = 500
_SEALED: Final = re.compile(r"[0-9a-f]{8}\.[A-Za-z0-9+/]+=*")
"""As `KeyRing.seal` writes it."""

Row = dict[str, Any]


class SealedColumn(msgspec.Struct, frozen=True):
    """A column that holds sealed texts."""

    table: Table
    column: Column[Any]
    purpose: str
    """With names of the row's columns in braces."""


def sealed_columns(metadata: MetaData) -> Iterator[SealedColumn]:
    """Yield every column that the models declare as sealed, in the order of their names."""
    for _, table in sorted(metadata.tables.items()):
        for column in table.columns:
            if purpose := column.info.get("sealed"):
                yield SealedColumn(table, column, purpose)


def reseal(database: Database, keyring: KeyRing, metadata: MetaData, *, batch: int = BATCH) -> int:
    """Seal every text anew that an older key has sealed. Return how many there were.

    Raise SealBroken at a text that does not open; what was done until then stays done.
    """
    keyring.refresh()
    done = 0
    for found in sealed_columns(metadata):
        for rows in _old_rows(database, keyring, found, batch):
            done += database.change(functools.partial(_seal_anew, keyring, found, rows))
    return done


def left_to_reseal(database: Database, keyring: KeyRing, metadata: MetaData) -> int:
    """Return how many texts still hang on an older key: 0 means that it can be given up."""
    keyring.refresh()
    return sum(
        len(rows)
        for found in sealed_columns(metadata)
        for rows in _old_rows(database, keyring, found, BATCH)
    )


def _old_rows(
    database: Database, keyring: KeyRing, found: SealedColumn, batch: int
) -> Iterator[list[Row]]:
    """Yield the rows whose text an older key has sealed, in batches along the primary key."""
    keys, text = list(found.table.primary_key), found.column
    query = (
        select(found.table)
        .where(text.like("________.%"), text.not_like(f"{keyring.primary}.%"))
        .order_by(*keys)
        .limit(batch)
    )
    after: tuple[Any, ...] | None = None
    while True:
        page = query if after is None else query.where(tuple_(*keys) > tuple_(*after))
        with database.read() as session:
            rows = [dict(row) for row in session.connection().execute(page).mappings()]
        if not rows:
            return
        after = tuple(rows[-1][key.name] for key in keys)
        yield [row for row in rows if _SEALED.fullmatch(row[text.name])]


def _seal_anew(keyring: KeyRing, found: SealedColumn, rows: list[Row], session: Session) -> int:
    done = 0
    for row in rows:
        purpose, old = found.purpose.format(**row), row[found.column.name]
        unchanged = and_(
            found.column == old, *(key == row[key.name] for key in found.table.primary_key)
        )
        new = keyring.seal(purpose, keyring.open(purpose, old))
        statement = update(found.table).where(unchanged).values({found.column: new})
        done += session.connection().execute(statement).rowcount
    return done
