"""Does the database still hold what the definitions say? Looked at when the appliance starts."""

import msgspec
from sqlalchemy import inspect, select

from app.core.database import Database
from app.services.tables import catalogue
from app.services.tables.physical import SYSTEM_COLUMNS, sql_name


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
    definitions, fields = catalogue.definitions, catalogue.fields
    with database.read() as session:
        connection = session.connection()
        expected = {
            sql_name(number): set(SYSTEM_COLUMNS)
            for (number,) in connection.execute(select(definitions.c.id))
        }
        for table, field in connection.execute(select(fields.c.table_id, fields.c.id)):
            expected[sql_name(table)].add(f"c{field:d}")
        catalog = inspect(connection)
        there = {
            name: {column["name"] for column in catalog.get_columns(name)}
            for name in catalog.get_table_names()
            if name[:1] == "u" and name[1:].isdigit()
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
