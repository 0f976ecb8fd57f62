"""What is known of a table's fields is kept under its design, and under no other."""

import pytest
from sqlalchemy import insert
from sqlmodel import Session

from app.core.database import Database
from app.services.tables import catalogue
from app.services.tables.catalogue import (
    change_definition,
    fields,
    find_table,
    make_table,
    row_of,
)
from app.services.tables.fields import FieldInfo
from app.services.tables.models import FieldKind, TableState


def make(session: Session, name: str = "注文") -> int:
    columns = [FieldInfo(id=0, name="品名", kind=FieldKind.TEXT)]
    return make_table(
        session, name=name, columns=columns, account="", state=TableState.READY
    ).id  # fmt: skip


def names(database: Database, table: int) -> list[str]:
    with database.read() as session:
        return [field.name for field in find_table(session, table).fields]


def add_field(session: Session, table: int, name: str) -> None:
    """As a change of a design does it."""
    more = FieldInfo(id=0, name=name, kind=FieldKind.TEXT)
    session.connection().execute(insert(fields).values(**row_of(table, more, 9)))
    assert change_definition(session, table)


def test_a_changed_design_is_seen_at_once(database: Database) -> None:
    with database.write() as session:
        table = make(session)
    assert names(database, table) == ["品名"]
    with database.write() as session:
        add_field(session, table, "数量")
        assert len(find_table(session, table).fields) == 2
    assert names(database, table) == ["品名", "数量"]


def test_a_design_that_was_rolled_back_is_seen_by_nobody(database: Database) -> None:
    with database.write() as session:
        table = make(session)
    with pytest.raises(ZeroDivisionError), database.write() as session:
        add_field(session, table, "数量")
        assert len(find_table(session, table).fields) == 2
        raise ZeroDivisionError
    assert names(database, table) == ["品名"]


def test_no_more_designs_are_kept_than_fit(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalogue, "MOST_DESIGNS", 2)
    with database.write() as session:
        tables = [make(session, str(number)) for number in range(3)]
    for table in tables * 2:
        assert names(database, table) == ["品名"]
        assert len(catalogue._designs) <= 2
