"""The schema comes to be in one piece or not at all. On both databases."""

import subprocess
import sys

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Column, Table, column, insert, inspect, table, text
from sqlalchemy.exc import IntegrityError
from sqlmodel import SQLModel
from sqlmodel.sql.sqltypes import AutoString

from app.core.database import Database
from app.migrations import upgrade as upgrade_module
from app.migrations.draft import draft
from app.migrations.migrate import NewerData, migrate
from app.migrations.revisions import current_revision, known_revisions
from app.migrations.upgrade import configure

HEAD = ScriptDirectory.from_config(configure()).get_current_head()

KILLED_HALF_WAY = """
import os, sys
from sqlalchemy import event
from app.core.database import Database
from app.migrations.migrate import migrate
database = Database(sys.argv[1])
made = []
@event.listens_for(database.engine, "after_cursor_execute")
def stop(connection, cursor, statement, *_):
    if statement.lstrip().startswith("CREATE TABLE"):
        made.append(statement)
    if len(made) == 5:
        print("half way", flush=True)
        sys.stdin.read()
migrate(database)
"""


@pytest.fixture
def empty(empty_database_url):
    opened = Database(empty_database_url)
    yield opened
    opened.close()


def test_the_names_of_the_files_tell_the_revisions_as_alembic_reads_them():
    script = ScriptDirectory.from_config(configure())
    read = [revision.revision for revision in script.walk_revisions()]
    assert known_revisions() == read[::-1]
    assert known_revisions()[-1] == HEAD


def tables(database):
    with database.read() as session:
        return set(inspect(session.connection()).get_table_names())


def test_an_empty_database_gets_every_table(empty):
    assert current_revision(empty) is None
    migrate(empty)
    assert current_revision(empty) == HEAD
    assert tables(empty) == {*SQLModel.metadata.tables, "alembic_version"}


def test_an_up_to_date_database_is_left_alone(database):
    before = tables(database)
    migrate(database)
    migrate(database)
    assert current_revision(database) == HEAD
    assert tables(database) == before


def test_the_migrations_make_what_the_models_say(database):
    """Else: `rm app/migrations/versions/0001*; python -m app.migrations.draft "first schema"`."""
    with database.read() as session:
        context = MigrationContext.configure(session.connection(), opts={"compare_type": True})
        assert compare_metadata(context, SQLModel.metadata) == []


def test_data_of_a_newer_version_is_refused_with_a_remedy_and_left_alone(database):
    with database.write() as session:
        session.connection().exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(NewerData) as newer:
        migrate(database)
    assert newer.value.parameters == {"revision": "9999"}
    assert "newer version" in newer.value.hint
    assert current_revision(database) == "9999"


def test_a_migration_that_is_killed_in_its_middle_leaves_nothing_and_the_next_one_does_it(
    empty, empty_database_url
):
    with subprocess.Popen(
        [sys.executable, "-c", KILLED_HALF_WAY, empty_database_url],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout.readline() == "half way\n"
        process.kill()
    assert tables(empty) == set()
    migrate(empty)
    assert current_revision(empty) == HEAD


def test_a_migration_that_fails_in_its_middle_leaves_nothing(empty, monkeypatch):
    upgrade = upgrade_module.command.upgrade

    def fail_after(*arguments):
        upgrade(*arguments)
        raise ZeroDivisionError

    monkeypatch.setattr(upgrade_module.command, "upgrade", fail_after)
    with pytest.raises(ZeroDivisionError):
        migrate(empty)
    assert tables(empty) == set()


def test_tables_from_before_there_were_designs_get_one_each(empty, monkeypatch):
    upgrade = upgrade_module.command.upgrade
    old = {"state": "ready", "source": "", "created_by": "", "created_at": 1, "deleted_at": 0}

    def with_tables_of_before(configuration, _head):
        upgrade(configuration, "0013")
        definitions = table("tables_definition", *map(column, ["name", "rev", *old]))
        rows = [{"name": name, "rev": 1, **old} for name in ("注文", "顧客")]
        configuration.attributes["connection"].execute(insert(definitions), rows)
        upgrade(configuration, "head")

    monkeypatch.setattr(upgrade_module.command, "upgrade", with_tables_of_before)
    migrate(empty)
    with empty.read() as session:
        designs = session.connection().execute(text("SELECT design FROM tables_definition"))
        assert len({design for (design,) in designs if design}) == 2


TABLE = {
    "name": "注文", "rev": 1, "design": "x", "state": "ready", "source": "", "created_by": "",
    "created_at": 1, "deleted_at": 0,
}  # fmt: skip


def migrate_with(database, monkeypatch, revision: str, name: str, row: dict) -> None:
    """Migrate to a revision, write a row as that version did, and migrate to the newest one."""
    upgrade = upgrade_module.command.upgrade

    def with_a_row_of_before(configuration, _head):
        upgrade(configuration, revision)
        insertion = insert(table(name, *map(column, row)))
        configuration.attributes["connection"].execute(insertion, [row])
        upgrade(configuration, "head")

    monkeypatch.setattr(upgrade_module.command, "upgrade", with_a_row_of_before)
    migrate(database)


def test_jobs_from_before_belong_to_people_and_not_to_tokens_F4(empty, monkeypatch):
    waiting = {
        "id": "j1", "kind": "tables.export", "arguments": "{}", "created_by": "a", "created_at": 1,
        "started_at": 0, "finished_at": 0, "updated_at": 1, "state": "queued", "phase": "",
        "done": 0, "total": 0, "unit": "", "numbers": "{}", "cancel_requested": False,
        "attempts": 0, "max_attempts": 3, "not_before": 0, "lease_owner": "", "lease_until": 0,
        "claimed_at": 0, "claimed_done": 0, "checkpoint": "", "result": "", "error": "",
        "error_parameters": "{}",
    }  # fmt: skip
    migrate_with(empty, monkeypatch, "0027", "jobs", waiting)
    with empty.read() as session:
        found = session.connection().execute(text("SELECT id, narrowed FROM jobs")).all()
        assert [tuple(row) for row in found] == [("j1", "")]


def test_tables_from_before_there_were_views_stay_and_take_some(empty, monkeypatch):
    migrate_with(empty, monkeypatch, "0020", "tables_definition", TABLE)
    says = {"table_id": 1, "name": "v", "shared": "nobody", "groups": "[]", "definition": "{}"}
    when = {"rev": 1, "owner": "a", "updated_by": "a", "created_at": 1, "updated_at": 1}
    view = {**says, **when, "deleted_at": 0}
    with empty.write() as session:
        connection = session.connection()
        connection.execute(insert(table("tables_view", *map(column, view))), [view])
        found = connection.execute(text("SELECT id, table_id FROM tables_view")).all()
        assert [tuple(row) for row in found] == [(1, 1)]


def test_the_index_of_the_search_is_planned_for_tables_from_before_there_was_one(
    empty, monkeypatch
):
    upgrade = upgrade_module.command.upgrade
    old = {"state": "ready", "source": "", "created_by": "", "created_at": 1, "deleted_at": 0}

    def with_tables_of_before(configuration, _head):
        upgrade(configuration, "0022")
        definitions = table("tables_definition", *map(column, ["name", "rev", "design", *old]))
        rows = [{"name": name, "rev": 1, "design": name, **old} for name in "abc"]
        connection = configuration.attributes["connection"]
        connection.execute(insert(definitions), rows)
        for number in (1, 2):  # the third was lost before
            connection.execute(text(f"CREATE TABLE u{number} (id INTEGER PRIMARY KEY)"))
        connection.execute(text("INSERT INTO u1 VALUES (3), (70000)"))
        upgrade(configuration, "head")

    monkeypatch.setattr(upgrade_module.command, "upgrade", with_tables_of_before)
    migrate(empty)
    with empty.read() as session:
        planned = text("SELECT table_id, block, built FROM tables_search_block ORDER BY block")
        found = [tuple(row) for row in session.connection().execute(planned)]
    assert found == [(1, 0, False), (1, 1, False), (1, 2, False)]


def test_lists_from_before_they_had_places_take_some_each_once(empty, monkeypatch):
    migrate_with(empty, monkeypatch, "0022", "tables_definition", TABLE)
    says = {"table_id": 1, "shape": "s", "numbers": "[]", "rows": 0, "at": 1, "newest": ""}
    places = table("tables_place", *map(column, says))
    with empty.write() as session:
        session.connection().execute(insert(places), [says])
    with pytest.raises(IntegrityError), empty.write() as session:
        session.connection().execute(insert(places), [says])


def test_tables_from_before_there_were_rules_are_open_to_all_F4(empty, monkeypatch):
    migrate_with(empty, monkeypatch, "0022", "tables_definition", TABLE)
    with empty.read() as session:
        found = session.connection().execute(text("SELECT rules FROM tables_definition")).all()
        assert [tuple(row) for row in found] == [("[]",)]


def test_processes_that_start_at_once_migrate_once(empty, empty_database_url):
    program = (
        "import sys; from app.core.database import Database\n"
        "from app.migrations.migrate import migrate\n"
        "print('ready', flush=True); sys.stdin.readline()\n"
        "migrate(Database(sys.argv[1]))"
    )
    started = [
        subprocess.Popen(
            [sys.executable, "-c", program, empty_database_url],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for _ in range(3)
    ]  # fmt: skip
    for process in started:
        assert process.stdout.readline() == "ready\n"
    for process in started:
        process.stdin.write("go\n")
        process.stdin.flush()
    ended = [process.communicate(timeout=60) for process in started]
    assert [process.returncode for process in started] == [0, 0, 0], ended
    assert current_revision(empty) == HEAD


def test_a_draft_of_what_the_models_say_already_is_empty(tmp_path):
    made = draft("nothing new", tmp_path)
    assert made == tmp_path / f"{int(HEAD) + 1:04d}_nothing_new.py"
    written = made.read_text()
    assert "op." not in written
    assert f'down_revision = "{HEAD}"' in written


def test_a_draft_writes_down_what_a_new_model_adds_and_nothing_about_rights(tmp_path):
    table = Table(
        "added_by_a_test", SQLModel.metadata,
        Column("id", AutoString(), primary_key=True),
        Column("code", AutoString(length=8), index=True),
        info={"access": {"console": "select"}},
    )  # fmt: skip
    try:
        written = draft("one table more", tmp_path).read_text()
    finally:
        SQLModel.metadata.remove(table)
    assert 'op.create_table(\n        "added_by_a_test"' in written
    assert 'sa.Column("id", sa.String(), nullable=False)' in written
    assert 'sa.Column("code", sa.String(8), nullable=True)' in written
    assert "access" not in written
    assert "sqlmodel" not in written
