"""The same backup where the database is PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from appliance.backup.restore import restore
from appliance.contract.backup_errors import (
    DatabaseDiffers,
    DatabaseUnreadable,
    TargetNotEmpty,
)
from appliance.contract.kit import KeyKit
from appliance.place import Place
from tests.integration.appliance.conftest import backup, make_place
from tests.integration.postgresql import Server


@pytest.fixture
def on_postgresql(
    postgresql_server: Server, tmp_path: Path, kit: KeyKit
) -> Iterator[tuple[Place, Server]]:
    name = postgresql_server.create()
    with postgresql_server.connect(name) as connection:
        connection.execute("CREATE TABLE accounts (id serial PRIMARY KEY, name text)")
        connection.execute("CREATE SCHEMA side")
        connection.execute("CREATE TABLE side.notes (id int)")
        connection.execute(
            "INSERT INTO accounts (name) SELECT '霞が関 ' || n FROM generate_series(1, 500) n"
        )
    lite = make_place(tmp_path, kit)
    yield (
        Place(data=lite.data, keys=lite.keys, database_url=postgresql_server.url(name)),
        postgresql_server,
    )
    postgresql_server.drop(name)


def test_postgresql_comes_back_whole_into_an_empty_database_S2(
    on_postgresql: tuple[Place, Server], kit: KeyKit, tmp_path: Path
) -> None:
    place, server = on_postgresql
    assert backup(place, kit).rows == 500
    fresh = server.create()
    try:
        result = restore(
            tmp_path / "repository",
            kit,
            tmp_path / "d",
            tmp_path / "k",
            database_url=server.url(fresh),
        )
        assert result.rows == 500
        with server.connect(fresh) as connection:
            found = connection.execute("SELECT name FROM accounts ORDER BY id").fetchall()
            assert found == [(f"霞が関 {n}",) for n in range(1, 501)]
            connection.execute("SELECT count(*) FROM side.notes")
        assert (tmp_path / "d" / "files" / "small").read_bytes() == b"x"
        assert not (tmp_path / "d" / "tenshu.sqlite").exists()
    finally:
        server.drop(fresh)


def test_rows_that_are_committed_during_the_backup_are_in_neither_copy_nor_count(
    on_postgresql: tuple[Place, Server], kit: KeyKit, tmp_path: Path
) -> None:
    place, server = on_postgresql
    with psycopg.connect(host=str(server.folder), dbname=name_of(place), user="owner") as open_one:
        open_one.execute("INSERT INTO accounts (name) VALUES ('not committed')")
        result = backup(place, kit)
        open_one.commit()
    assert result.rows == 500


def name_of(place: Place) -> str:
    return place.database_url.partition("@/")[2].partition("?")[0]


def test_a_database_that_is_not_empty_or_of_the_other_kind_is_refused(
    on_postgresql: tuple[Place, Server], kit: KeyKit, tmp_path: Path
) -> None:
    place, _ = on_postgresql
    backup(place, kit)
    repository, data, keys = tmp_path / "repository", tmp_path / "d", tmp_path / "k"
    with pytest.raises(TargetNotEmpty):
        restore(repository, kit, data, keys, database_url=place.database_url)
    with pytest.raises(DatabaseDiffers):
        restore(repository, kit, data, keys)
    assert not data.exists()


def test_a_database_that_does_not_answer_is_told_without_its_password(
    on_postgresql: tuple[Place, Server], kit: KeyKit
) -> None:
    place, server = on_postgresql
    gone = f"postgresql+psycopg://owner:sesame@/nowhere?host={server.folder}"
    with pytest.raises(DatabaseUnreadable) as caught:
        backup(Place(data=place.data, keys=place.keys, database_url=gone), kit)
    assert "nowhere" in str(caught.value)
    assert "sesame" not in str(caught.value)
