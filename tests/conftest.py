"""Fixtures that every suite shares.

Tests that take the `appliance` touch SQL. They run on SQLite; the same ones run again on
PostgreSQL with `TENSHU_TEST_DATABASE=postgresql pytest -m sql`.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.core import data_folder
from app.core.database import Database
from app.core.keyring import KeyRing
from app.core.settings import load_settings
from app.migrations.migrate import migrate
from app.operations.context import Appliance, Context, Plane

ON_POSTGRESQL = os.environ.get("TENSHU_TEST_DATABASE") == "postgresql"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "appliance" in getattr(item, "fixturenames", ()):
            item.add_marker("sql")


@pytest.fixture
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of an empty database."""
    if ON_POSTGRESQL:
        return str(request.getfixturevalue("postgresql_database"))
    return f"sqlite:///{tmp_path / 'data' / 'tenshu.sqlite'}"


@pytest.fixture
def appliance(tmp_path: Path, database_url: str) -> Iterator[Appliance]:
    """An appliance with folders, key ring and migrated database, and nobody in it."""
    settings = load_settings(
        {"TENSHU_DATA": str(tmp_path / "data"), "TENSHU_DATABASE_URL": database_url}
    )
    data_folder.make_folders(settings)
    database = Database(settings.database_url)
    migrate(database)
    yield Appliance(settings, database, KeyRing.create(settings.keys), machine="test")
    database.close()


@pytest.fixture
def console(appliance: Appliance) -> Context:
    """A request of nobody on the console."""
    return Context(appliance, plane=Plane.CONSOLE)


@pytest.fixture
def workspace(appliance: Appliance) -> Context:
    """A request of nobody on the workspace."""
    return Context(appliance, plane=Plane.WORKSPACE)
