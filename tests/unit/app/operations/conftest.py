"""Operations that are declared for one test and forgotten after it."""

import json

import pytest

from app.core.database import Database
from app.operations import operation as operation_module
from app.operations.context import Context


@pytest.fixture
def declare(monkeypatch):
    """The decorator, on an empty registry."""
    monkeypatch.setattr(operation_module, "_registry", {})
    return operation_module.operation


@pytest.fixture
def written(appliance):
    """Return the contents of all events, oldest first."""

    def read():
        with appliance.database.read() as session:
            rows = session.connection().exec_driver_sql(
                "SELECT content FROM audit_outbox ORDER BY id"
            )
            return [json.loads(content) for content in rows.scalars()]

    return read


@pytest.fixture
def notes(appliance):
    """A table to change; return what stands in it."""
    with appliance.database.write() as session:
        session.connection().exec_driver_sql("CREATE TABLE notes (body text)")

    def read(database: Database = appliance.database):
        with database.read() as session:
            return list(session.connection().exec_driver_sql("SELECT body FROM notes").scalars())

    return read


def write_note(context: Context, body: str) -> None:
    """Insert one row in the running operation's transaction."""
    context.session.connection().exec_driver_sql(f"INSERT INTO notes VALUES ('{body}')")


@pytest.fixture
def write():
    """What the functions under test use to change something."""
    return write_note
