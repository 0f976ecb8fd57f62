"""Does the database still hold what the definitions say? Looked at when the appliance starts."""

import logging
from typing import Final

import msgspec
from sqlalchemy import inspect, select

from app.core.database import Database
from app.services.tables import catalogue, search_drift
from app.services.tables.models import FieldKind
from app.services.tables.physical import SYSTEM_COLUMNS, sql_name
from app.services.tables.types.base import Storage
from app.services.tables.types.registry import TYPES

INDEX: Final = "tables_search_block"
"""Index of the search: what is missing there are rows (table, block) that no search finds."""

_log = logging.getLogger(__name__)


class Drift(msgspec.Struct, frozen=True, kw_only=True):
    """One difference between definitions and database."""

    table: str
    """SQL name."""
    missing: tuple[str, ...] = ()
    """Columns that are defined but not there; all of them where the table is gone."""
    unknown: tuple[str, ...] = ()
    """Columns that are there but not defined; `*` for a whole table."""


def find_drift(database: Database) -> list[Drift]:
    """Return every difference; an empty list is good news."""
    return find_design_drift(database) + _find_index_drift(database)


def _find_index_drift(database: Database) -> list[Drift]:
    """Return rows that no search would find, and what the index tells of tables that are gone."""
    with database.read() as session:
        connection = session.connection()
        tables = catalogue.every_table(session)
        there = {name for name in inspect(connection).get_table_names() if name[:1] == "u"}
        found = [
            Drift(table=INDEX, missing=(f"{sql_name(table.id)} {block}",))
            for table in tables
            if sql_name(table.id) in there
            for block in search_drift.unknown_blocks(connection, table)
        ]
        extra = search_drift.strangers(connection, {table.id for table in tables})
    return found + [Drift(table=INDEX, unknown=(sql_name(number),)) for number in extra]


def find_design_drift(database: Database) -> list[Drift]:
    """Return differences between definitions and SQL tables: what the console may look at too."""
    definitions, fields = catalogue.definitions, catalogue.fields
    with database.read() as session:
        connection = session.connection()
        expected = {
            sql_name(number): set(SYSTEM_COLUMNS)
            for (number,) in connection.execute(select(definitions.c.id))
        }
        known = select(fields.c.table_id, fields.c.id, fields.c.col, fields.c.kind)
        for table, number, turned_to, kind in connection.execute(known):
            field = turned_to or number
            storage = TYPES[FieldKind(kind)].storage
            if storage is Storage.JUNCTION:
                expected[f"j{field:d}"] = {"a", "b", "pos"}
            elif storage is not Storage.NONE:
                expected[sql_name(table)].add(f"c{field:d}")
        catalog = inspect(connection)
        there = {
            name: {column["name"] for column in columns}
            for (_, name), columns in catalog.get_multi_columns().items()
            if name[:1] in ("u", "j") and name[1:].isdigit()
        }
    found = [
        Drift(
            table=name,
            missing=tuple(sorted(columns - there.get(name, set()))),
            unknown=tuple(sorted(there.get(name, set()) - columns)),
        )
        for name, columns in sorted(expected.items())
        if there.get(name) != columns
    ]
    strangers = sorted(there.keys() - expected.keys())
    return found + [Drift(table=name, unknown=("*",)) for name in strangers]


def report_drift(database: Database) -> None:
    """Log every difference as a problem: what is missing cannot be shown to anybody."""
    for one in find_drift(database):
        _log.error(
            "table %s is not as it was defined: missing %s, unknown %s",
            one.table,
            ", ".join(one.missing) or "-",
            ", ".join(one.unknown) or "-",
        )
