"""PostgreSQL: one database role a process, and exactly what each may do (architecture section 4).

Every table says it itself: `__table_args__ = {"info": {"access": {"console": "select insert",
"workspace": "select update(last_step)", "audit": ""}}}`. What is not named is not granted. The
grants are written anew at each migration, so they follow the models. The owner of the schema
(migrations, backup, restore) is a role of its own that no serving process holds.

User tables (`u…`, `j…`) are made while the workspace runs: its role owns them, the console reads
them. On SQLite all processes trust each other; there are no roles.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from sqlalchemy import MetaData, Table, inspect, text
from sqlalchemy.dialects.postgresql import dialect
from sqlmodel import Session

from app.core.database import Database

CONSOLE: Final = "tenshu_console"
WORKSPACE: Final = "tenshu_workspace"
AUDIT: Final = "tenshu_audit"
ROLES: Final = {"console": CONSOLE, "workspace": WORKSPACE, "audit": AUDIT}
"""Process as the models name it → database role. The background worker is `workspace`."""

SCHEMA_VERSION: Final = "alembic_version"
_RIGHT: Final = re.compile(r"(select|insert|update|delete)(?:\(([a-z0-9_, ]+)\))?(?:\s+|$)")
_quote: Final = dialect().identifier_preparer.quote  # type: ignore[no-untyped-call]


class UnclearAccess(ValueError):
    """A model declares what no role can be granted: a fault of the program."""


def make_roles(database: Database) -> None:
    """Make the roles where they are missing. Needs a connection that may create roles."""
    with database.write() as session:
        connection = session.connection()
        known = set(connection.exec_driver_sql("SELECT rolname FROM pg_roles").scalars())
        for role in ROLES.values():
            if role not in known:
                connection.exec_driver_sql(
                    f"CREATE ROLE {role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT "
                    "NOREPLICATION NOBYPASSRLS"
                )
            # the owner reads and removes user tables: backup, restore
            connection.exec_driver_sql(f"GRANT {role} TO CURRENT_USER")


def grant(session: Session, metadata: MetaData) -> bool:
    """Grant what the models of `metadata` declare, and take back everything else.

    Return False where the roles were never made: a database of one user (development, tests).
    Raise UnclearAccess for a declaration that says nothing.
    """
    connection = session.connection()
    known = text("SELECT count(*) FROM pg_roles WHERE rolname = ANY(:roles)")
    if connection.execute(known, {"roles": list(ROLES.values())}).scalar_one() != len(ROLES):
        return False
    connection.exec_driver_sql(
        ";\n".join(statements(metadata, inspect(connection).get_table_names()))
    )
    return True


def statements(metadata: MetaData, existing: Iterable[str]) -> Iterator[str]:
    """Yield the SQL that makes the grants on `existing` tables what their models declare."""
    everybody = ", ".join(ROLES.values())
    yield "REVOKE ALL ON SCHEMA public FROM PUBLIC"
    yield f"REVOKE ALL ON SCHEMA public FROM {everybody}"
    yield f"GRANT USAGE ON SCHEMA public TO {everybody}"
    yield f"GRANT CREATE ON SCHEMA public TO {WORKSPACE}"
    yield (
        f"ALTER DEFAULT PRIVILEGES FOR ROLE {WORKSPACE} IN SCHEMA public "
        f"GRANT SELECT ON TABLES TO {CONSOLE}"
    )
    yield f"GRANT SELECT ON {SCHEMA_VERSION} TO {everybody}"
    for name in sorted(metadata.tables.keys() & set(existing)):
        yield from _table_statements(metadata.tables[name])


def _table_statements(table: Table) -> Iterator[str]:
    name = _quote(table.name)
    yield f"REVOKE ALL ON {name} FROM PUBLIC, {', '.join(ROLES.values())}"
    access: dict[str, str] = table.info.get("access", {})
    if unknown := access.keys() - ROLES.keys():
        raise UnclearAccess(f"{table.name}: no process is called {', '.join(sorted(unknown))}")
    for process, rights in access.items():
        granted = list(_rights(table, rights))
        if granted:
            yield f"GRANT {', '.join(granted)} ON {name} TO {ROLES[process]}"
        counter = table.autoincrement_column
        if counter is not None and any(right.startswith("INSERT") for right in granted):
            sequence = _quote(f"{table.name}_{counter.name}_seq")
            yield f"GRANT USAGE ON SEQUENCE {sequence} TO {ROLES[process]}"


def _rights(table: Table, text: str) -> Iterator[str]:
    """Read `select insert update(name, state)`; yield each right in SQL."""
    rest = text
    while rest:
        found = _RIGHT.match(rest)
        if found is None:
            raise UnclearAccess(f"{table.name}: “{rest}” is no right")
        right, columns = found.groups()
        names = [column.strip() for column in columns.split(",")] if columns else []
        if missing := [each for each in names if each not in table.columns]:
            raise UnclearAccess(f"{table.name}: there is no column {', '.join(missing)}")
        yield right.upper() + (f" ({', '.join(map(_quote, names))})" if names else "")
        rest = rest[found.end() :]
