"""Places in a list: the record at every thousandth row, so that a page can begin anywhere.

Kept for the plain order of a table and for its views, by standing work of the worker. Only numbers
of records are kept, no values: a page that begins at one looks its sorting values up. A list whose
rows depend on who reads it (own rows, days around today, names) has no places.
"""

import hashlib
from collections.abc import Callable, Iterable
from typing import Any, Final

import msgspec
from sqlalchemy import Table, delete, func, insert, select, update
from sqlmodel import Session, SQLModel

from app.core import clock
from app.core.errors import TenshuError
from app.operations.context import Appliance
from app.services.tables import saved_views
from app.services.tables.catalogue import all_tables
from app.services.tables.marks import Mark, orders_of
from app.services.tables.merge_writing import changes
from app.services.tables.models import ListPlaces, TableState
from app.services.tables.physical import TableInfo
from app.services.tables.query import Rows
from app.services.tables.reach import WHOLE_TABLE
from app.services.tables.selection import Comparison, Selection, tidy
from app.services.tables.types.registry import depends

STEP: Final = 1_000
"""Rows from one place to the next."""
FEWEST: Final = 2 * STEP
"""Shorter lists are read through as fast."""
OLD: Final = 10 * clock.MINUTE
"""How long places stay as they are while people go on changing the table."""
_READERS: Final = frozenset({Comparison.MINE, Comparison.WITHIN})

places: Table = SQLModel.metadata.tables[str(ListPlaces.__tablename__)]


class Places(msgspec.Struct, frozen=True):
    """Where a list can begin, and how many rows it had when that was written down."""

    numbers: list[int]
    rows: int


NONE: Final = Places([], 0)


def shape_of(table: TableInfo, selection: Selection) -> str:
    """Return what tells lists of a table apart; empty where a list depends on who reads it."""
    if selection.search.strip() or selection.scope is not None or selection.nothing:
        return ""
    by_id = {field.id: field for field in table.fields}
    for one in selection.where.every():
        if one.test in _READERS or one.field not in by_id or depends(by_id[one.field]):
            return ""
    said = msgspec.json.encode([selection.where, tidy(selection.sorts)])
    return hashlib.sha256(said).hexdigest()


def find(session: Session, rows: Rows, selection: Selection) -> Places:
    """Return the places of a list; none where there are none, or the reader sees less of it."""
    shape = shape_of(rows.table, selection) if rows.is_whole else ""
    if not shape:
        return NONE
    found = session.connection().execute(_of(rows.table.id, shape)).first()
    return Places(msgspec.json.decode(found.numbers), found.rows) if found else NONE


def marks_of(selection: Selection, numbers: Iterable[int]) -> list[str]:
    """Return places as marks, as pages of the list take them."""
    orders = orders_of(tidy(selection.sorts))
    return [Mark(orders, (), number).encode() for number in numbers]


def _of(table: int, shape: str) -> Any:  # noqa: ANN401 - a statement
    return select(places).where(places.c.table_id == table, places.c.shape == shape)


def keep(appliance: Appliance, is_stopping: Callable[[], bool]) -> int:
    """Write down anew the places of lists that have changed; return of how many."""
    with appliance.database.read() as session:
        tables = [one for one in all_tables(session) if one.state is TableState.READY]
    done = 0
    for table in tables:
        if is_stopping():
            break
        done += _keep_table(appliance, table, is_stopping)
    return done


def _keep_table(appliance: Appliance, table: TableInfo, is_stopping: Callable[[], bool]) -> int:
    with appliance.database.read() as session:
        rows = Rows(session, table, WHOLE_TABLE)
        wanted = _wanted(session, table) if rows.count(Selection(), FEWEST) >= FEWEST else {}
        known = {
            one.shape: one
            for one in session.connection().execute(
                select(places).where(places.c.table_id == table.id)
            )
        }
        newest = str(
            session.connection()
            .execute(select(func.max(changes.c.id)).where(changes.c.table_id == table.id))
            .scalar()
            or ""
        )
    if gone := known.keys() - wanted.keys():
        with appliance.database.write() as session:
            mine = places.c.table_id == table.id, places.c.shape.in_(gone)
            session.connection().execute(delete(places).where(*mine))
    done, now = 0, clock.now()
    for shape, selection in wanted.items():
        stands = known.get(shape)
        fresh = stands is not None and (stands.newest == newest or now - stands.at < OLD)
        if fresh or is_stopping():
            continue
        with appliance.database.read() as session:
            try:
                found = Rows(session, table, WHOLE_TABLE).every(selection, STEP)
            except TenshuError:  # a condition or an order of a view fits no longer
                continue
        _write(appliance, table.id, shape, Places(*found), newest)
        done += 1
    return done


def _wanted(session: Session, table: TableInfo) -> dict[str, Selection]:
    """Return the lists of a table that have places: its own order, and its views."""
    chosen = [Selection()]
    for view in saved_views.all_views(session, table.id):
        one = view.definition
        chosen.append(Selection(where=one.where, sorts=one.sorts, scope=one.scope))
    return {shape: one for one in chosen if (shape := shape_of(table, one))}


def _write(appliance: Appliance, table: int, shape: str, found: Places, newest: str) -> None:
    values = {
        "numbers": msgspec.json.encode(found.numbers).decode(),
        "rows": found.rows,
        "at": clock.now(),
        "newest": newest,
    }
    mine = places.c.table_id == table, places.c.shape == shape
    with appliance.database.write() as session:
        connection = session.connection()
        if not connection.execute(update(places).where(*mine).values(**values)).rowcount:
            connection.execute(insert(places).values(table_id=table, shape=shape, **values))
