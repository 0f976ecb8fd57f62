"""PostgreSQL: one database role a process, and exactly what each may do (architecture section 4).

Every table says it itself: `__table_args__ = {"info": {"access": {"console": "select insert",
"workspace": "select update(last_step)", "audit": ""}}}`. What is not named is not granted. The
grants are written anew at each migration, so they follow the models. The owner of the schema
(migrations, restore) is a role of its own that no serving process holds; the machine's agent reads
everything for the backup and changes nothing.

User tables (`u…`, `j…`) are made while the workspace runs: they belong to its role, and the console
sees of them how many rows were deleted. A restore makes them its own; the next start gives them
back. Roles belong to the whole server, so they are
called after their database: two appliances on one server stay apart. On SQLite all processes trust
each other; there are no roles.
"""

import functools
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from sqlalchemy import Connection, MetaData, Table, text
from sqlalchemy.sql.compiler import IdentifierPreparer
from sqlmodel import Session

from app.core.database import Database

DECLARED: Final = ("console", "workspace", "audit")
"""Processes as the models name them. The background worker is `workspace`."""
BACKUP: Final = "backup"
"""The machine's agent: it reads every table, so no model has to name it."""

SCHEMA_VERSION: Final = "alembic_version"
LONGEST_NAME: Final = 63 - len("_workspace")
"""Bytes of a database's name to which a role's ending fits (PostgreSQL's NAMEDATALEN)."""
COUNTED: Final = "deleted_at"
"""What the console's role sees of a user table: that rows were deleted, and when. So it tells what
would go before somebody chooses how long deleted records are kept."""
_USER_TABLE: Final = re.compile(r"[uj][0-9]+")
_RIGHT: Final = re.compile(r"(select|insert|update|delete)(?:\(([a-z0-9_, ]+)\))?(?:\s+|$)")

Roles = Mapping[str, str]
"""Process → database role."""


class UnclearAccess(ValueError):
    """A model declares what no role can be granted: a fault of the program."""


class Relation(NamedTuple):
    """A table or a sequence of the schema that the owner may speak for."""

    name: str
    is_table: bool
    owner: str
    is_counted: bool = False
    """It has the column of deleted rows."""


def quote(name: str) -> str:
    """Return a name as PostgreSQL writes it, in quotation marks where it must."""
    return str(_preparer().quote(name))


@functools.cache
def _preparer() -> IdentifierPreparer:
    # a start on SQLite does without what this loads
    from sqlalchemy.dialects.postgresql import dialect  # noqa: PLC0415

    found: IdentifierPreparer = dialect().identifier_preparer  # type: ignore[no-untyped-call]
    return found


def roles_of(database: str) -> Roles:
    """Return the roles of the database of that name: `tenshu` has `tenshu_console` and so on."""
    if len(database.encode()) > LONGEST_NAME or database.startswith("pg_"):  # kept by PostgreSQL
        database = f"tenshu_{hashlib.sha256(database.encode()).hexdigest()[:16]}"
    return {process: f"{database}_{process}" for process in (*DECLARED, BACKUP)}


def make_roles(database: Database) -> Roles:
    """Make the roles where they are missing. Needs a connection that may create roles."""
    with database.write() as session:
        connection = session.connection()
        roles = _roles_here(connection)
        known = _known(connection, roles)
        for role in roles.values():
            if role not in known:
                connection.exec_driver_sql(
                    f"CREATE ROLE {quote(role)} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE"
                    " NOINHERIT NOREPLICATION NOBYPASSRLS"
                )
            # the owner reads, gives back and removes user tables: command line, restore
            connection.exec_driver_sql(f"GRANT {quote(role)} TO CURRENT_USER")
    return roles


def grant(session: Session, metadata: MetaData) -> bool:
    """Grant what the models of `metadata` declare, and take back everything else.

    Return False where the roles were never made: a database of one user (tests).
    Raise UnclearAccess for a declaration that says nothing.
    """
    connection = session.connection()
    roles = _roles_here(connection)
    if len(_known(connection, roles)) != len(roles):
        return False
    found = connection.exec_driver_sql(
        "SELECT relname, relkind <> 'S', pg_get_userbyid(relowner),"
        " EXISTS (SELECT FROM pg_attribute WHERE attrelid = pg_class.oid AND attname = %s)"
        " FROM pg_class"
        " WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'S')"
        " AND pg_has_role(relowner, 'USAGE') ORDER BY relname",
        (COUNTED,),
    )
    relations = [Relation(*row) for row in found]
    connection.exec_driver_sql(";\n".join(statements(metadata, relations, roles)))
    return True


def statements(metadata: MetaData, existing: Iterable[Relation], roles: Roles) -> Iterator[str]:
    """Yield the SQL that makes the grants on what exists what the models declare."""
    names = {process: quote(role) for process, role in roles.items()}
    workspace, backup = names["workspace"], names[BACKUP]
    everybody = ", ".join(names.values())
    yield "REVOKE ALL ON SCHEMA public FROM PUBLIC"
    yield f"REVOKE ALL ON SCHEMA public FROM {everybody}"
    yield f"GRANT USAGE ON SCHEMA public TO {everybody}"
    yield f"GRANT CREATE ON SCHEMA public TO {workspace}"
    for kind in ("TABLES", "SEQUENCES"):
        yield (
            f"ALTER DEFAULT PRIVILEGES FOR ROLE {workspace} IN SCHEMA public "
            f"GRANT SELECT ON {kind} TO {backup}"
        )
    for name, is_table, owner, is_counted in existing:
        if is_table and name in metadata.tables:
            yield from _table_statements(metadata.tables[name], names)
        elif is_table and _USER_TABLE.fullmatch(name) and owner != roles["workspace"]:
            yield f"ALTER TABLE {quote(name)} OWNER TO {workspace}"
            yield f"REVOKE ALL ON {quote(name)} FROM PUBLIC, {names['console']}, {names['audit']}"
        if is_counted and _USER_TABLE.fullmatch(name):
            yield _let_count(name, names["console"])
        yield f"GRANT SELECT ON {quote(name)} TO {backup}"
        if name == SCHEMA_VERSION:
            yield f"GRANT SELECT ON {quote(name)} TO {everybody}"


def let_console_count(connection: Connection, name: str) -> None:
    """Let the console's role count the deleted rows of a user table that its owner just made."""
    role = _roles_here(connection)["console"]
    if _known(connection, {"console": role}):
        connection.exec_driver_sql(_let_count(name, quote(role)))


def _let_count(name: str, role: str) -> str:
    return f"GRANT SELECT ({COUNTED}) ON {quote(name)} TO {role}"


def _roles_here(connection: Connection) -> Roles:
    return roles_of(connection.exec_driver_sql("SELECT current_database()").scalar_one())


def _known(connection: Connection, roles: Roles) -> set[str]:
    query = text("SELECT rolname FROM pg_roles WHERE rolname = ANY(:roles)")
    return set(connection.execute(query, {"roles": list(roles.values())}).scalars())


def _table_statements(table: Table, names: Roles) -> Iterator[str]:
    name = quote(table.name)
    yield f"REVOKE ALL ON {name} FROM PUBLIC, {', '.join(names.values())}"
    access: dict[str, str] = table.info.get("access", {})
    if unknown := access.keys() - set(DECLARED):
        raise UnclearAccess(f"{table.name}: no process is called {', '.join(sorted(unknown))}")
    for process, rights in access.items():
        granted = list(_rights(table, rights))
        if granted:
            yield f"GRANT {', '.join(granted)} ON {name} TO {names[process]}"
        counter = table.autoincrement_column
        if counter is not None and any(right.startswith("INSERT") for right in granted):
            sequence = quote(f"{table.name}_{counter.name}_seq")
            yield f"GRANT USAGE ON SEQUENCE {sequence} TO {names[process]}"


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
        yield right.upper() + (f" ({', '.join(map(quote, names))})" if names else "")
        rest = rest[found.end() :]
