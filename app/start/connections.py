"""PostgreSQL: each process gets the connection of its own role, and none the owner's.

The password of a role is made anew at each start and stands in a file of libpq's own form (mode
0600, beside the key ring). What a process is told is an address without a secret; the server learns
a SCRAM verifier (RFC 5802) and never the password, which so stands in no log of its.
"""

import secrets
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL
from sqlalchemy.exc import ProgrammingError

from app.audit.durable import write_durably
from app.core import postgresql_roles
from app.core.database import Database
from app.core.postgresql_roles import Roles
from app.core.settings import Settings
from app.start.errors import RoleNotAdmitted, RolesNotMade

PASSWORD_BYTES: Final = 32
CONNECT_SECONDS: Final = 10
INSUFFICIENT_PRIVILEGE: Final = "42501"
"""SQLSTATE (PostgreSQL, “Error Codes”)."""
HOW_TO_REACH: Final = (
    "host",
    "hostaddr",
    "port",
    "dbname",
    "sslmode",
    "sslrootcert",
    "sslcrl",
    "ssl_min_protocol_version",
    "channel_binding",
    "target_session_attrs",
)
"""What of the owner's address leads to the server; the rest says who the owner is."""


def make_roles(database: Database) -> None:
    """Make the roles of the processes where they are missing; nothing on SQLite.

    Raise RolesNotMade where the owner of the database may not, or what the database answers.
    """
    if database.is_sqlite:
        return
    try:
        postgresql_roles.make_roles(database)
    except ProgrammingError as error:
        cause: Any = error.orig
        if cause.sqlstate != INSUFFICIENT_PRIVILEGE:
            raise
        with database.read() as session:
            owner = session.connection().exec_driver_sql("SELECT current_user").scalar_one()
        remedy = f"ALTER ROLE {postgresql_roles.quote(owner)} CREATEROLE;"
        raise RolesNotMade(reason=_first(cause), remedy=remedy) from error


def lay_out(settings: Settings, database: Database) -> dict[str, str]:
    """Give each role a new password; return the addresses by role, and nothing on SQLite.

    Every role has signed in once when this returns. Raise RoleNotAdmitted where the server does
    not let one in, or what the database answers.
    """
    if database.is_sqlite:
        return {}
    with database.write() as session:
        driver: Any = session.connection().connection.driver_connection
        where = _way_to(driver)
        roles = postgresql_roles.roles_of(where["dbname"])
        passwords = {process: secrets.token_urlsafe(PASSWORD_BYTES) for process in roles}
        for process, role in roles.items():
            line = f"*:*:*:{_escape(role)}:{passwords[process]}\n"
            write_durably(password_file(settings, process), line.encode(), mode=0o600)
            _set_password(driver, role, passwords[process])
    addresses: dict[str, str] = {}
    for process, role in roles.items():
        _try({**where, "user": role, "password": passwords[process]}, roles)
        told = {**where, "user": role, "passfile": str(password_file(settings, process))}
        addresses[process] = URL.create("postgresql+psycopg", query=told).render_as_string()
    return addresses


def password_file(settings: Settings, process: str) -> Path:
    """Return where the password of a process's role stands."""
    return settings.keys / f"postgresql-{process}.pgpass"


def _way_to(driver: Any) -> dict[str, str]:  # noqa: ANN401 - a driver's object
    info = driver.info
    kept = {
        name: one.val.decode()
        for one in driver.pgconn.info
        if one.val and one.val != one.compiled and (name := one.keyword.decode()) in HOW_TO_REACH
    }
    return {"host": info.host, "port": str(info.port), "dbname": info.dbname, **kept}


def _escape(text: str) -> str:
    """Write a field of a password file (PostgreSQL, “The Password File”)."""
    return text.replace("\\", "\\\\").replace(":", "\\:")


def _set_password(driver: Any, role: str, password: str) -> None:  # noqa: ANN401
    from psycopg import sql  # noqa: PLC0415 - as below

    verifier = driver.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256")
    driver.execute(
        sql.SQL("ALTER ROLE {} PASSWORD {}").format(
            sql.Identifier(role), sql.Literal(verifier.decode())
        )
    )


def _try(parameters: dict[str, str], roles: Roles) -> None:
    import psycopg  # noqa: PLC0415 - a tenth of a second that a start on SQLite does not need
    from psycopg.conninfo import make_conninfo  # noqa: PLC0415

    try:
        asked = make_conninfo(**parameters, connect_timeout=str(CONNECT_SECONDS))
        psycopg.connect(asked).close()
    except psycopg.OperationalError as error:
        line = f"local {_name(parameters['dbname'])} {','.join(map(_name, roles.values()))}"
        raise RoleNotAdmitted(
            role=parameters["user"], reason=_first(error), line=f"{line} scram-sha-256"
        ) from error


def _name(text: str) -> str:
    """Write a name as pg_hba.conf takes it."""
    return text if text.replace("_", "").isalnum() else f'"{text}"'


def _first(error: BaseException) -> str:
    """Return the first line of what the server says."""
    return str(error).partition("\n")[0]
