"""Where this copy of the appliance lives: folders, addresses, database.

Everything else is configuration that people change on pages. Each setting is one `TENSHU_*`
variable, and an option of the same name on the command line.
"""

import ipaddress
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

from app.core.errors import TenshuError
from app.core.messages import mark

MEBIBYTE: Final = 1024 * 1024
RESERVE_MEBIBYTES: Final = 32
POSTGRESQL_RESERVE_MEBIBYTES: Final = 64
"""Room for some segments of PostgreSQL's log, 16 MiB each: without one the server ends."""
SMALLEST_POSTGRESQL_RESERVE: Final = 48
CELLS_WITHOUT_EXPORT: Final = 1_000
MOST_CELLS_WITHOUT_EXPORT: Final = 1_000_000
THIS_MACHINE: Final = ("", "localhost", "127.0.0.1", "::1")
"""Hosts of a database that no network lies before; a socket's folder is another."""


class InvalidSetting(TenshuError):
    """A `TENSHU_*` variable cannot be used as it stands."""

    code = "settings.invalid"
    message = "{variable}={value}: {reason}"
    hint = "Correct the variable, or leave it out to take the default."


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """The settings of one copy of the appliance."""

    data: Path
    """Folder of database, files, sealed store, certificates, sockets and logs."""
    keys: Path
    """Folder of the key ring. Never inside `data`: a stolen data folder opens nothing."""
    database_url: str
    """SQLAlchemy URL; SQLite inside `data` unless told otherwise."""
    address: str = "127.0.0.1"
    """Address that both planes listen on."""
    console_port: int = 8443
    workspace_port: int = 8444
    host_names: tuple[str, ...] = ()
    """Host names beyond localhost by which people reach the planes, for the certificate."""
    edge: bool = False
    """Whether the edge stands in front: planes listen on sockets in `run` and believe its headers;
    the ports are those of the edge."""
    gallery: bool = False
    """Whether the planes show the gallery of their components, for whoever makes pages."""
    reserve_bytes: int = RESERVE_MEBIBYTES * MEBIBYTE
    """Space on the data volume kept back for a full disk; 0 keeps none."""
    cells_without_export: int = CELLS_WITHOUT_EXPORT
    """Cells that somebody without the right to export copies, or a program of theirs reads, at
    once; 0: none."""

    @property
    def on_sqlite(self) -> bool:
        """Whether the database is a file of the embedded one."""
        return self.database_url.startswith("sqlite")

    @property
    def sealed_store(self) -> Path:
        """Folder that only the audit sealer writes."""
        return self.data / "audit"

    @property
    def files(self) -> Path:
        """Folder of the content-addressed, encrypted files."""
        return self.data / "files"

    @property
    def spool(self) -> Path:
        """Folder through which large data passes between processes, by identifier."""
        return self.data / "spool"

    @property
    def tls(self) -> Path:
        """Folder of the authority's certificate and the planes' certificate and key."""
        return self.data / "tls"

    @property
    def clients(self) -> Path:
        """Folder of what the edge checks certificates of clients by; the console writes it."""
        return self.data / "clients"

    @property
    def run(self) -> Path:
        """Folder of sockets and of the supervisor's state."""
        return self.data / "run"

    @property
    def logs(self) -> Path:
        """Folder of the processes' logs."""
        return self.data / "logs"

    @property
    def agent_socket(self) -> Path:
        """The agent's Varlink socket."""
        return self.run / "agent.sock"

    def plane_socket(self, plane: str) -> Path:
        """Return the socket on which a plane listens behind the edge."""
        return self.run / f"{plane}.sock"

    def environment(self) -> dict[str, str]:
        """Return the variables that give a child process these same settings."""
        return {
            "TENSHU_DATA": str(self.data),
            "TENSHU_KEYS": str(self.keys),
            "TENSHU_DATABASE_URL": self.database_url,
            "TENSHU_ADDRESS": self.address,
            "TENSHU_CONSOLE_PORT": str(self.console_port),
            "TENSHU_WORKSPACE_PORT": str(self.workspace_port),
            "TENSHU_HOST_NAMES": ",".join(self.host_names),
            "TENSHU_EDGE": str(int(self.edge)),
            "TENSHU_GALLERY": str(int(self.gallery)),
            "TENSHU_RESERVE": str(self.reserve_bytes // MEBIBYTE),
            "TENSHU_CELLS_WITHOUT_EXPORT": str(self.cells_without_export),
        }


def _whole_number(text: str) -> int:
    """Return what plain digits say; -1 for everything else."""
    # 18 digits are more than any setting takes, and int() has a limit of its own
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else -1


def _port(environ: Mapping[str, str], variable: str, default: int) -> int:
    text = environ.get(variable) or str(default)
    if not 0 < _whole_number(text) < 65536:
        raise InvalidSetting(
            variable=variable, value=text, reason=mark("a port is a number from 1 to 65535")
        )
    return int(text)


def _ports(environ: Mapping[str, str]) -> tuple[int, int]:
    console = _port(environ, "TENSHU_CONSOLE_PORT", 8443)
    workspace = _port(environ, "TENSHU_WORKSPACE_PORT", 8444)
    if console == workspace:
        raise InvalidSetting(
            variable="TENSHU_WORKSPACE_PORT",
            value=workspace,
            reason=mark("console and workspace need different ports"),
        )
    return console, workspace


def _address(environ: Mapping[str, str]) -> str:
    text = environ.get("TENSHU_ADDRESS") or "127.0.0.1"
    try:
        return str(ipaddress.ip_address(text))
    except ValueError as error:
        raise InvalidSetting(
            variable="TENSHU_ADDRESS",
            value=text,
            reason=mark("write an IP address of this machine, 127.0.0.1 or 0.0.0.0"),
        ) from error


def _database_url(environ: Mapping[str, str], data: Path) -> str:
    """Return the database's address; over a network only one with verified TLS."""
    text = environ.get("TENSHU_DATABASE_URL", "")
    if not text:
        return f"sqlite:///{data / 'tenshu.sqlite'}"
    from sqlalchemy import make_url  # noqa: PLC0415 - commands that open no database do without
    from sqlalchemy.exc import ArgumentError  # noqa: PLC0415

    try:
        url = make_url(text)
    except ArgumentError:
        return text  # who opens it says what is wrong with it
    asked = url.normalized_query
    hosts = [host for name in ("host", "hostaddr") for host in asked.get(name, ())]
    for host in [url.host or "", *hosts]:
        is_near = host in THIS_MACHINE or host.startswith("/")
        if not is_near and asked.get("sslmode") != ("verify-full",):
            raise InvalidSetting(
                variable="TENSHU_DATABASE_URL",
                value=host,  # never the whole: a password may stand in it
                reason=mark("a database on another machine needs sslmode=verify-full"),
            )
    return text


def _switch(environ: Mapping[str, str], variable: str, reason: str) -> bool:
    text = environ.get(variable) or "0"
    if text not in ("0", "1"):
        raise InvalidSetting(variable=variable, value=text, reason=reason)
    return text == "1"


def _reserve(environ: Mapping[str, str], default: int, smallest: int) -> int:
    text = environ.get("TENSHU_RESERVE") or str(default)
    size = _whole_number(text)
    if not 0 <= size <= 1024:
        raise InvalidSetting(
            variable="TENSHU_RESERVE",
            value=text,
            reason=mark("the reserve is a number of mebibytes from 0 to 1024"),
        )
    if 0 < size < smallest:
        raise InvalidSetting(
            variable="TENSHU_RESERVE",
            value=text,
            reason=mark("on PostgreSQL the reserve is 0, or 48 mebibytes and more"),
        )
    return size * MEBIBYTE


def _cells(environ: Mapping[str, str]) -> int:
    text = environ.get("TENSHU_CELLS_WITHOUT_EXPORT") or str(CELLS_WITHOUT_EXPORT)
    cells = _whole_number(text)
    if not 0 <= cells <= MOST_CELLS_WITHOUT_EXPORT:
        raise InvalidSetting(
            variable="TENSHU_CELLS_WITHOUT_EXPORT",
            value=text,
            reason=mark("the cells are a number from 0 to 1,000,000"),
        )
    return cells


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings from `environ` (the process's own by default).

    Raise InvalidSetting if a value is none of its kind, or if the keys would lie inside the data
    folder, by whatever way around.
    """
    environ = os.environ if environ is None else environ
    data = Path(environ.get("TENSHU_DATA") or "var/data").resolve()
    # beside, not inside: `var/data` keeps its keys in `var/data.keys`
    keys = Path(environ.get("TENSHU_KEYS") or data.with_name(data.name + ".keys")).resolve()
    if keys.is_relative_to(data):
        raise InvalidSetting(
            variable="TENSHU_KEYS",
            value=str(keys),
            reason=mark(
                "the keys may not lie inside the data folder, or a copy of it would open itself"
            ),
        )
    names = environ.get("TENSHU_HOST_NAMES") or ""
    console_port, workspace_port = _ports(environ)
    url = _database_url(environ, data)
    sizes = (
        (RESERVE_MEBIBYTES, 0)
        if url.startswith("sqlite")
        else (POSTGRESQL_RESERVE_MEBIBYTES, SMALLEST_POSTGRESQL_RESERVE)
    )
    return Settings(
        data=data,
        keys=keys,
        database_url=url,
        address=_address(environ),
        console_port=console_port,
        workspace_port=workspace_port,
        host_names=tuple(name.strip() for name in names.split(",") if name.strip()),
        edge=_switch(
            environ,
            "TENSHU_EDGE",
            mark("write 1 where the edge stands in front of the planes, else 0"),
        ),
        gallery=_switch(
            environ, "TENSHU_GALLERY", mark("write 1 to show the gallery of components, else 0")
        ),
        reserve_bytes=_reserve(environ, *sizes),
        cells_without_export=_cells(environ),
    )
