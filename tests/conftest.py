"""Fixtures that every suite shares.

Tests that take the `appliance` touch SQL. They run on SQLite; the same ones run again on
PostgreSQL with `TENSHU_TEST_DATABASE=postgresql pytest -m sql`, but for those that say `once`.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from app.core import data_folder
from app.core.database import Database
from app.core.keyring import KeyRing
from app.core.settings import load_settings
from app.migrations.migrate import migrate
from app.operations.context import Appliance, Context, Plane
from tests.haste import hasten
from tests.integration.postgresql import (
    postgresql_database,
    postgresql_empty_database,
    postgresql_server,
)
from tests.shard import elsewhere
from tests.stale import base, let_go

__all__ = ["postgresql_database", "postgresql_empty_database", "postgresql_server"]

hypothesis.settings.register_profile("busy", deadline=None)  # so may the machine be
hypothesis.settings.load_profile("busy")

LONGEST = (
    "tests/browser/pages/",
    "tests/integration/start/test_backup_by_command.py",
    "tests/integration/start/test_on_postgresql.py",
    "tests/integration/start/test_stops_and_kills.py",
    "tests/scans/test_wapiti.py",
    "tests/scans/test_schemathesis.py",
    "tests/scans/test_sqlmap.py",
    "tests/scans/test_openscap.py",
    "tests/integration/image/test_container.py",
    "tests/scans/test_lynis.py",
    "tests/integration/image/test_root.py",
)
"""What keeps one worker for minutes begins first: else the others wait for it at the end."""

ON_POSTGRESQL = os.environ.get("TENSHU_TEST_DATABASE") == "postgresql"


@pytest.fixture(scope="module", autouse=True)
def _the_machines_own_network_stays_as_it_is() -> Iterator[None]:
    """What a test loads into a kernel goes into a namespace: here it would shut the machine off."""
    yield
    if os.geteuid() == 0 and shutil.which("nft"):
        told = subprocess.run(
            ["nft", "list", "tables"], capture_output=True, text=True, check=False
        )
        assert "inet tenshu" not in told.stdout, "nft delete table inet tenshu"


def pytest_configure(config: pytest.Config) -> None:
    """Begin beside nothing that killed runs have left: one of many processes does so for all."""
    if not hasattr(config, "workerinput"):
        let_go(base())


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        touched = {"appliance", "database_url", "database"} & set(getattr(item, "fixturenames", ()))
        if touched and not item.get_closest_marker("once"):
            item.add_marker("sql")
        if ON_POSTGRESQL and item.get_closest_marker("heavy"):
            item.add_marker("slow")
    slow = [item for item in items if item.get_closest_marker("slow")]
    whole = [item for item in slow if not item.get_closest_marker("divided")]
    images = [item for item in whole if item.get_closest_marker("image")]
    left = _elsewhere(images) + _elsewhere([item for item in whole if item not in images])
    if left:
        config.hook.pytest_deselected(items=left)
        items[:] = [item for item in items if item not in left]
    for item in items:
        if item.get_closest_marker("image"):
            item.add_marker("slow")  # of no other suite
    items.sort(key=_begins)


def _begins(item: pytest.Item) -> int:
    """Return the place in the order of a run; what is equal stays as it was found."""
    return next((at for at, place in enumerate(LONGEST) if place in item.nodeid), len(LONGEST))


def _elsewhere(items: list[pytest.Item]) -> list[pytest.Item]:
    """Return what of one suite's long tests other shards do."""
    others = set(elsewhere(list(dict.fromkeys(map(_part, items)))))
    return [item for item in items if _part(item) in others]


def _part(item: pytest.Item) -> str:
    """Return what goes into one shard with a long test: itself, or all that shares what is dear."""
    together = item.get_closest_marker("together")
    return together.args[0] if together else item.nodeid


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file with the newest schema and nothing in it, to be copied."""
    path = tmp_path_factory.mktemp("template") / "tenshu.sqlite"
    database = Database(f"sqlite:///{path}")
    migrate(database)
    database.close()
    return path


@pytest.fixture
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of a database without any table."""
    if ON_POSTGRESQL:
        return str(request.getfixturevalue("postgresql_empty_database"))
    return f"sqlite:///{tmp_path / 'empty.sqlite'}"


@pytest.fixture
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of a database with the newest schema and nothing in it."""
    if ON_POSTGRESQL:
        return str(request.getfixturevalue("postgresql_database"))
    path = tmp_path / "data" / "tenshu.sqlite"
    path.parent.mkdir(mode=0o700)
    shutil.copyfile(request.getfixturevalue("sqlite_template"), path)
    return f"sqlite:///{path}"


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A database with the newest schema and nothing in it."""
    opened = hasten(Database(database_url))
    yield opened
    opened.close()


@pytest.fixture
def appliance(tmp_path: Path, database_url: str, database: Database) -> Appliance:
    """An appliance with folders, key ring and migrated database, and nobody in it.

    It keeps no reserve: hundreds of tests would hold 32 MiB each.
    """
    settings = load_settings(
        {
            "TENSHU_DATA": str(tmp_path / "data"),
            "TENSHU_DATABASE_URL": database_url,
            "TENSHU_RESERVE": "0",
        }
    )
    data_folder.make_folders(settings)
    return Appliance(settings, database, KeyRing.create(settings.keys), machine="test")


@pytest.fixture
def console(appliance: Appliance) -> Context:
    """A request of nobody on the console."""
    return Context(appliance, plane=Plane.CONSOLE)


@pytest.fixture
def workspace(appliance: Appliance) -> Context:
    """A request of nobody on the workspace."""
    return Context(appliance, plane=Plane.WORKSPACE)
