"""An update keeps what was there before it changes the schema, and says where it cannot (S10)."""

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command

from app.core.database import Database
from app.core.settings import Settings, load_settings
from app.migrations.revisions import current_revision, known_revisions
from app.migrations.upgrade import configure
from app.start import snapshot
from app.start.errors import NoRoomForSnapshot
from app.start.prepare import prepare
from tests.running import environment_for

OLDER, NEWEST = known_revisions()[-2:]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(environment_for(tmp_path, TENSHU_RESERVE="1"))


def start(settings: Settings) -> list[str]:
    said: list[str] = []
    prepared = prepare(settings, said.append)
    prepared.appliance.database.close()
    os.close(prepared.lock)
    return said


def refused_start(settings: Settings) -> None:
    """Come as far as a start that does not go on; its lock would stay with this process."""
    database = Database(settings.database_url)
    try:
        snapshot.before_migrating(settings, database)
    finally:
        database.close()


def set_back(settings: Settings) -> None:
    """Make the database what the version before this one has left."""
    newest, older = settings.data / snapshot.FILE, settings.data / "older"
    database = Database(f"sqlite:///{older}")
    with database.write() as session:
        configuration = configure()
        configuration.attributes["connection"] = session.connection()
        command.upgrade(configuration, OLDER)
    database.close()
    with closing(sqlite3.connect(older)) as found:
        found.execute("ATTACH ? AS newest", (str(newest),))
        ours, theirs = columns(found, "main"), columns(found, "newest")
        for table in ours.keys() & theirs.keys() - {"alembic_version"}:
            names = ", ".join(f'"{one}"' for one in sorted(ours[table] & theirs[table]))
            into, source = f'main."{table}"', f'newest."{table}"'
            found.execute(f"INSERT OR REPLACE INTO {into} ({names}) SELECT {names} FROM {source}")
        found.commit()
    for one in (newest, *settings.data.glob("tenshu.sqlite-*")):
        one.unlink()
    older.rename(newest)


def columns(found: sqlite3.Connection, schema: str) -> dict[str, set[str]]:
    """Return the columns of every table."""
    asked = f"SELECT name FROM {schema}.sqlite_schema WHERE type = 'table'"
    return {
        name: {row[1] for row in found.execute(f"PRAGMA {schema}.table_info('{name}')")}
        for (name,) in found.execute(asked).fetchall()
    }


def revision_of(settings: Settings) -> str | None:
    database = Database(settings.database_url)
    try:
        return current_revision(database)
    finally:
        database.close()


def names(folder: Path) -> list[str]:
    found = folder / snapshot.FOLDER
    return sorted(one.name for one in found.iterdir()) if found.exists() else []


def kept_revision(settings: Settings, name: str) -> str:
    copy = settings.data / snapshot.FOLDER / name / snapshot.FILE
    with closing(sqlite3.connect(copy)) as found:
        assert found.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return str(found.execute("SELECT version_num FROM alembic_version").fetchone()[0])


def test_an_update_keeps_database_and_keys_as_they_were_and_a_later_start_nothing(
    settings: Settings,
) -> None:
    start(settings)
    assert names(settings.data) == [], "what is new has nothing to lose"
    set_back(settings)
    ring = (settings.keys / "ring.json").read_bytes()
    assert "Copy of what was there before the update" in start(settings)
    assert revision_of(settings) == NEWEST
    (name,) = names(settings.data)
    assert name.startswith(f"{OLDER}-")
    assert kept_revision(settings, name) == OLDER
    assert (settings.keys / snapshot.FOLDER / name / "ring.json").read_bytes() == ring
    assert not list((settings.data / snapshot.FOLDER).rglob("ring.json")), "never beside the data"
    for one in (settings.keys / snapshot.FOLDER).rglob("*"):
        assert one.stat().st_mode & 0o077 == 0, one
    start(settings)
    assert names(settings.data) == [name]


def test_what_was_kept_is_put_back_as_the_how_to_says_and_starts(settings: Settings) -> None:
    start(settings)
    set_back(settings)
    start(settings)
    (name,) = names(settings.data)
    for one in settings.data.glob("tenshu.sqlite*"):
        one.unlink()
    kept = settings.data / snapshot.FOLDER / name / snapshot.FILE
    shutil.copy(kept, settings.data / snapshot.FILE)
    for one in (settings.keys / snapshot.FOLDER / name).iterdir():
        shutil.copy(one, settings.keys)
    assert revision_of(settings) == OLDER
    start(settings)
    assert revision_of(settings) == NEWEST


def test_the_last_two_stay_and_half_of_one_is_made_anew(settings: Settings) -> None:
    start(settings)
    for parent in (settings.data, settings.keys):
        for name in ("0001-20200101T000000Z", "0002-20210101T000000Z", snapshot.UNFINISHED):
            (parent / snapshot.FOLDER / name).mkdir(parents=True)
    set_back(settings)
    start(settings)
    for parent in (settings.data, settings.keys):
        first, second = names(parent)
        assert first == "0002-20210101T000000Z"
        assert second.startswith(OLDER)


def test_without_room_it_does_not_start_says_how_much_is_missing_and_changes_nothing(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    start(settings)
    set_back(settings)
    monkeypatch.setattr(snapshot, "MARGIN", 1 << 60)  # more than any disk has
    with pytest.raises(NoRoomForSnapshot) as refused:
        refused_start(settings)
    assert "MiB free" in str(refused.value)
    assert (revision_of(settings), names(settings.data)) == (OLDER, [])
    monkeypatch.undo()
    start(settings)
    assert revision_of(settings) == NEWEST


def test_a_copy_that_fails_half_way_leaves_no_half_of_it_and_nothing_migrated(
    settings: Settings,
) -> None:
    start(settings)
    set_back(settings)
    (settings.data / snapshot.FOLDER).write_text("in the way")
    with pytest.raises(OSError, match="File exists"):
        refused_start(settings)
    assert revision_of(settings) == OLDER
