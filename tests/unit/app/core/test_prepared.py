"""Statements that the driver gets as they are: same rows, same errors, on both databases."""

import pytest
from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlmodel import SQLModel

from app.audit.models import OutboxEvent
from app.core.database import Database
from app.core.prepared import Prepared

table = SQLModel.metadata.tables[str(OutboxEvent.__tablename__)]
INSERT = Prepared(insert(table), ["id", "content", "parts"])
FIND = Prepared(select(table).where(table.c.id == bindparam("id"), table.c.parts == "[]"))
LIST = Prepared(select(table.c.id, table.c.content).order_by(table.c.id))


def fill(database: Database, count: int = 3) -> None:
    with database.write() as session:
        for number in range(count):
            INSERT.run(session, id=f"e{number}", content=f"内容{number}", parts="[]")


def test_rows_come_back_with_their_columns_by_name(database: Database) -> None:
    fill(database)
    with database.read() as session:
        found = FIND.first(session, id="e1")
        assert found is not None
        assert (found.id, found.content, found.parts) == ("e1", "内容1", "[]")
        assert FIND.first(session, id="e9") is None
        assert [tuple(row) for row in LIST.all(session)] == [
            (f"e{number}", f"内容{number}") for number in range(3)
        ]


def test_a_change_tells_how_many_rows_it_wrote_and_what_it_returns(database: Database) -> None:
    fill(database)
    change = Prepared(update(table).where(table.c.id == bindparam("which")), ["content"])
    with database.write() as session:
        assert change.run(session, which="e1", content="other") == 1
        assert change.run(session, which="e9", content="other") == 0
    back = Prepared(
        delete(table).where(table.c.id == bindparam("which")).returning(table.c.content)
    )
    with database.write() as session:
        removed = back.first(session, which="e1")
        assert removed is not None
        assert removed.content == "other"


def test_a_value_that_is_not_given_is_a_fault(database: Database) -> None:
    with database.read() as session, pytest.raises((KeyError, DBAPIError)):
        FIND.first(session)


def test_the_drivers_errors_have_the_names_that_everybody_knows(database: Database) -> None:
    fill(database)
    with pytest.raises(IntegrityError) as caught, database.write() as session:
        INSERT.run(session, id="e1", content="secret", parts="[]")
    assert "secret" not in str(caught.value).replace(str(caught.value.orig), "")
    with database.write() as session:
        session.connection().exec_driver_sql("DROP TABLE audit_outbox")
    with pytest.raises(DBAPIError), database.read() as session:
        LIST.all(session)
    if database.is_sqlite:
        with pytest.raises(OperationalError), database.read() as session:
            FIND.first(session, id="e1")


def test_what_the_session_still_holds_is_written_with_what_is_prepared(database: Database) -> None:
    with database.write() as session:
        session.add(OutboxEvent(id="orm", content="{}", parts="[]"))
        INSERT.run(session, id="prepared", content="{}", parts="[]")
    with database.read() as session:
        assert [row.id for row in LIST.all(session)] == ["orm", "prepared"]


def test_a_change_that_raises_leaves_neither(database: Database) -> None:
    with pytest.raises(ZeroDivisionError), database.write() as session:
        session.add(OutboxEvent(id="orm", content="{}", parts="[]"))
        session.flush()
        INSERT.run(session, id="prepared", content="{}", parts="[]")
        raise ZeroDivisionError
    with database.read() as session:
        assert LIST.all(session) == []
