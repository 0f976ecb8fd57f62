"""A real PostgreSQL for the tests: Debian's binaries, a folder of its own, a unix socket, no TCP.

`postgresql_server` lives as long as the test run (one a worker). `postgresql_database` is a fresh
copy of a template that has this version's schema; `postgresql_empty_database` has none. What the
power cut tests need is durable; here fsync is off, because these databases are thrown away.
"""

import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from app.core.database import Database
from app.core.lifeline import PR_SET_PDEATHSIG
from app.core.postgresql_roles import make_roles, roles_of
from app.migrations.migrate import migrate

START_SECONDS = 60
TEMPLATE = "tenshu_template"
ROLES = roles_of(TEMPLATE)
"""What a copy of the template was granted to: process → role."""
CONSOLE, WORKSPACE, AUDIT = ROLES["console"], ROLES["workspace"], ROLES["audit"]
RELAXED = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
OPTIONS = ("listen_addresses=", "shared_buffers=32MB", "max_connections=120", "log_statement=none")


@dataclass
class Server:
    """A running server; its superuser is called `owner`."""

    folder: Path
    process: subprocess.Popen[bytes]
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def url(self, database: str, user: str = "owner") -> str:
        """Return the SQLAlchemy URL of a database for one user."""
        return f"postgresql+psycopg://{user}@/{database}?host={self.folder}"

    def connect(self, database: str = "postgres", user: str = "owner") -> psycopg.Connection:
        """Open a plain connection that commits every statement."""
        return psycopg.connect(host=str(self.folder), dbname=database, user=user, autocommit=True)

    def create(self, template: str = "template0") -> str:
        """Make a database and return its name."""
        name = f"test_{next(self._numbers)}"
        with self.connect() as connection:
            connection.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {} ENCODING 'UTF8' STRATEGY FILE_COPY").format(
                    sql.Identifier(name), sql.Identifier(template)
                )
            )
        return name

    def drop(self, name: str) -> None:
        """Remove a database, with whoever is still in it."""
        with self.connect() as connection:
            connection.execute(sql.SQL("DROP DATABASE {} (FORCE)").format(sql.Identifier(name)))


def binaries() -> Path:
    """Return the folder of the newest installed server. Skip the test if there is none."""
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3])
    )
    if not found:
        reason = "PostgreSQL is not installed: apt-get install postgresql"
        if os.environ.get("TENSHU_TEST_DATABASE") == "postgresql":
            pytest.fail(reason)
        pytest.skip(reason)
    return found[-1].parent


def start(
    options: tuple[str, ...] = RELAXED, *, place: Path | None = None, admits: str = ""
) -> Server:
    """Make a cluster and start its server. It refuses to run as root: then `nobody` does.

    `place` is the folder that holds it; `admits` are lines of pg_hba.conf (anybody, by default).
    """
    bin_folder = binaries()
    user = "nobody" if os.getuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="tenshu-postgresql-", dir=place))
    if user:
        entry = pwd.getpwnam(user)
        os.chown(folder, entry.pw_uid, entry.pw_gid)
    subprocess.run(
        [bin_folder / "initdb", "-D", folder / "cluster", "-U", "owner", "-A", "trust", "-E",
         "UTF8", "--locale=C", "--no-sync"],
        check=True, capture_output=True, user=user, extra_groups=[] if user else None, cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder)},
    )  # fmt: skip
    if admits:
        (folder / "cluster" / "pg_hba.conf").write_text(admits)
    process = _run(folder, options)
    server = Server(folder, process)
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            server.connect().close()
        except psycopg.OperationalError:
            if process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"PostgreSQL did not start:\n{(folder / 'log').read_text()}")
            process_wait(process, 0.05)
        else:
            return server


def _run(folder: Path, options: tuple[str, ...]) -> subprocess.Popen[bytes]:
    root = os.getuid() == 0
    groups: list[str] | None = [] if root else None
    with (folder / "log").open("ab") as log:
        return subprocess.Popen(
            [binaries() / "postgres", "-D", folder / "cluster", "-k", folder,
             *(part for option in (*OPTIONS, *options) for part in ("-c", option))],
            stdout=log, stderr=log, user="nobody" if root else None, extra_groups=groups,
            cwd=folder,
            preexec_fn=_end_with_the_tests,  # noqa: PLW1509 - no thread has started yet
        )  # fmt: skip


def kill(server: Server) -> None:
    """End the server as a power cut would; what it has stays."""
    server.process.kill()
    server.process.wait(START_SECONDS)
    (server.folder / "cluster/postmaster.pid").unlink()


def start_again(server: Server) -> None:
    """Start a server that was killed; it answers when it does."""
    server.process = _run(server.folder, RELAXED)


def process_wait(process: subprocess.Popen[bytes], seconds: float) -> None:
    """Wait for the end of a process, at most some seconds; no matter if it goes on."""
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return


def stop(server: Server) -> None:
    """End the server at once and remove its folder."""
    server.process.send_signal(signal.SIGQUIT)
    server.process.wait(START_SECONDS)
    shutil.rmtree(server.folder)


def _end_with_the_tests() -> None:
    import ctypes

    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGQUIT, 0, 0, 0)


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[Server]:
    """A server with the appliance's roles, and a template that has the newest schema."""
    server = start()
    try:
        with server.connect() as connection:
            connection.execute(f"CREATE DATABASE {TEMPLATE}")
        database = Database(server.url(TEMPLATE))
        try:
            make_roles(database)
            migrate(database)
        finally:
            database.close()
        with server.connect(TEMPLATE) as connection:
            for kind in ("TABLES", "SEQUENCES"):
                # tests make people's tables as the owner, and look at them on the pages
                connection.execute(
                    f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ALL ON {kind} TO {WORKSPACE}"
                )
        yield server
    finally:
        stop(server)


@pytest.fixture
def postgresql_database(postgresql_server: Server) -> Iterator[str]:
    """URL of a fresh database with the newest schema and nothing in it."""
    name = postgresql_server.create(TEMPLATE)
    yield postgresql_server.url(name)
    postgresql_server.drop(name)


@pytest.fixture
def postgresql_empty_database(postgresql_server: Server) -> Iterator[str]:
    """URL of a fresh database without any table."""
    name = postgresql_server.create()
    yield postgresql_server.url(name)
    postgresql_server.drop(name)
