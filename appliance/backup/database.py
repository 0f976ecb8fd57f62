"""A consistent copy of a database while people work in it, and its return.

SQLite: the backup interface within one read transaction, so that writers neither wait nor make the
copy start anew. PostgreSQL: pg_dump of one exported snapshot, in which the rows are counted too.
"""

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from appliance.backup.process import find, run_program
from appliance.backup.reporter import Reporter
from appliance.contract.backup_errors import DatabaseUnreadable, DiskFull, TargetNotEmpty
from appliance.contract.errors import ActionUnavailable

SQLITE_FILE: Final = "database.sqlite"
POSTGRES_FILE: Final = "database.dump"
_PAGES: Final = 2048
"""8 MiB a step at SQLite's page of 4 KiB: a cancellation waits some milliseconds."""
_VARIABLES: Final = {
    "host": "PGHOST",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "passfile": "PGPASSFILE",
    "dbname": "PGDATABASE",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
}


def sqlite_path(database_url: str) -> Path | None:
    """Return the file of a SQLite URL of SQLAlchemy, None for another kind of database."""
    scheme, _, rest = database_url.partition("://")
    if scheme.partition("+")[0] != "sqlite":
        return None
    return Path(unquote(rest.removeprefix("/").partition("?")[0])).absolute()


def copy_database(database_url: str, folder: Path, reporter: Reporter) -> dict[str, int]:
    """Write a consistent copy into `folder`; return its tables with their numbers of rows.

    Raise DatabaseUnreadable if it cannot be copied whole, DiskFull, ActionUnavailable if pg_dump
    is missing.
    """
    source = sqlite_path(database_url)
    if source is not None:
        copy_sqlite(source, folder / SQLITE_FILE, reporter)
        return count_sqlite(folder / SQLITE_FILE)
    return _dump_postgres(database_url, folder / POSTGRES_FILE, reporter)


@contextlib.contextmanager
def _explained(name: str, folder: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
            raise DiskFull(folder=str(folder)) from error
        raise DatabaseUnreadable(name=name, reason=str(error)) from error


def copy_sqlite(source: Path, target: Path, reporter: Reporter) -> None:
    """Copy a SQLite database as it is now into one whole file. Raise as `copy_database`."""
    if not source.is_file():
        raise DatabaseUnreadable(name=source.name, reason="There is no such file.")

    def step(status: int, remaining: int, total: int) -> None:  # noqa: ARG001
        reporter.reach((total - remaining) * 4096, bytes_total=total * 4096)

    with (
        _explained(source.name, target.parent),
        # read-write, so that a log left by a killed process can be read; nothing is written
        contextlib.closing(sqlite3.connect(f"{source.as_uri()}?mode=rw", uri=True)) as original,
        contextlib.closing(sqlite3.connect(target)) as copy,
    ):
        original.execute("PRAGMA busy_timeout=10000")
        original.execute("BEGIN")
        original.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        original.backup(copy, pages=_PAGES, progress=step, sleep=0)
        original.rollback()
        copy.execute("PRAGMA journal_mode=DELETE")
        reporter.check()
        found = copy.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        raise DatabaseUnreadable(name=source.name, reason=str(found))


def count_sqlite(path: Path) -> dict[str, int]:
    """Return the tables of a SQLite file with their numbers of rows. Raise DatabaseUnreadable."""
    with (
        _explained(path.name, path.parent),
        contextlib.closing(
            sqlite3.connect(f"{path.as_uri()}?mode=ro&immutable=1", uri=True)
        ) as copy,
    ):
        tables = copy.execute(
            # virtual tables may need functions that only the faces have; their contents are tables
            "SELECT name FROM pragma_table_list WHERE schema='main' AND type='table'"
            " AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name"
        ).fetchall()
        counts: dict[str, int] = {}
        for (table,) in tables:
            quoted = str(table).replace('"', '""')
            counts[table] = copy.execute(f'SELECT count(*) FROM "{quoted}"').fetchone()[0]  # noqa: S608
        return counts


def _libpq(database_url: str) -> dict[str, Any]:
    scheme, _, rest = database_url.partition("://")
    try:
        return conninfo_to_dict(f"{scheme.partition('+')[0]}://{rest}")
    except psycopg.Error:
        # the message would repeat the address with its password
        raise DatabaseUnreadable(
            name="PostgreSQL", reason="The address is not understood."
        ) from None


def _postgres_environment(parameters: dict[str, Any]) -> dict[str, str]:
    named = {_VARIABLES[key]: str(value) for key, value in parameters.items() if key in _VARIABLES}
    return {"PATH": os.defpath, "LANG": "C.UTF-8", "PGCONNECT_TIMEOUT": "10"} | named


def _count_postgres(connection: "psycopg.Connection[Any]") -> dict[str, int]:
    tables = connection.execute(
        "SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition"
        " AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_%'"
        " ORDER BY 1, 2"
    ).fetchall()
    counts: dict[str, int] = {}
    for schema, table in tables:
        query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(schema, table))
        row = connection.execute(query).fetchone()
        counts[table if schema == "public" else f"{schema}.{table}"] = row[0] if row else 0
    return counts


def _program(name: str) -> str:
    found = find(name)
    if found is None:
        raise ActionUnavailable(reason=f"The program {name} is not installed.")
    return found


def _run_postgres(
    command: list[str], parameters: dict[str, Any], target: Path, reporter: Reporter
) -> None:
    words: list[bytes] = []
    ended = run_program(command, _postgres_environment(parameters), reporter, words.append)
    if ended.exit_code:
        if os.statvfs(target.parent).f_bavail == 0:
            raise DiskFull(folder=str(target.parent))
        reason = words[-1].decode(errors="replace") if words else f"exit code {ended.exit_code}"
        raise DatabaseUnreadable(name="PostgreSQL", reason=reason)


def _dump_postgres(database_url: str, target: Path, reporter: Reporter) -> dict[str, int]:
    parameters = _libpq(database_url)
    program = _program("pg_dump")
    try:
        with psycopg.connect(**parameters, connect_timeout=10) as connection:
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            connection.read_only = True
            row = connection.execute("SELECT pg_export_snapshot()").fetchone()
            snapshot = str(row[0]) if row else ""
            command = [program, "--format=custom", f"--snapshot={snapshot}", f"--file={target}"]
            _run_postgres(command, parameters, target, reporter)
            return _count_postgres(connection)
    except psycopg.Error as error:
        raise DatabaseUnreadable(name="PostgreSQL", reason=str(error)) from error


def require_empty_postgres(database_url: str) -> None:
    """Raise TargetNotEmpty if the database has tables, DatabaseUnreadable if it cannot be asked."""
    parameters = _libpq(database_url)
    try:
        with psycopg.connect(**parameters, connect_timeout=10) as connection:
            if _count_postgres(connection):
                raise TargetNotEmpty(folder=connection.info.dbname)
    except psycopg.Error as error:
        raise DatabaseUnreadable(name="PostgreSQL", reason=str(error)) from error


def restore_postgres(database_url: str, dump: Path, reporter: Reporter) -> dict[str, int]:
    """Load a dump in one transaction into an empty database; return its tables with their rows."""
    parameters = _libpq(database_url)
    command = [
        _program("pg_restore"),
        "--single-transaction",
        "--exit-on-error",
        "--no-owner",
        "--no-privileges",  # the roles of the old database may not exist: the next start grants
        f"--dbname={parameters.get('dbname', '')}",
        str(dump),
    ]
    _run_postgres(command, parameters, dump, reporter)
    try:
        with psycopg.connect(**parameters, connect_timeout=10) as connection:
            return _count_postgres(connection)
    except psycopg.Error as error:
        raise DatabaseUnreadable(name="PostgreSQL", reason=str(error)) from error
