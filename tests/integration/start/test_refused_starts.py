"""Data that this copy must not touch: newer, without its keys, with another's keys."""

import contextlib
import json
import shutil
import sqlite3

import pytest

from tests.running import environment_for, run_tenshu


@pytest.fixture
def stopped(tmp_path):
    """A data folder that was set up and does not run."""
    environ = environment_for(tmp_path)
    person = tmp_path / "person.toml"
    person.write_text('[administrator]\nlogin_id = "yamada"\nname = "山田 太郎"\n')
    finished = run_tenshu(
        "setup",
        "--from",
        str(person),
        environ={**environ, "TENSHU_ADMINISTRATOR_PASSWORD": "correct horse battery"},
    )
    assert finished.returncode == 0, finished.stderr
    return environ


def _refused(environ: dict[str, str], *command: str) -> dict[str, str]:
    finished = run_tenshu(*(command or ("start",)), "--json", environ=environ)
    assert finished.returncode == 1, finished.stdout
    assert "Traceback" not in finished.stderr
    return json.loads(finished.stderr[finished.stderr.index("{") :])["error"]


def test_data_of_a_newer_version_is_refused_and_left_alone(stopped, tmp_path):
    path = tmp_path / "data" / "tenshu.sqlite"
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    before = path.read_bytes()
    for command in (("start",), ("accounts", "list")):
        error = _refused(stopped, *command)
        assert error["code"] == "migrations.newer_data"
        assert "9999" in error["message"]
        assert error["hint"]
    assert path.read_bytes() == before


def test_data_without_its_key_ring_gets_no_new_one_F13(stopped, tmp_path):
    shutil.rmtree(tmp_path / "data.keys")
    assert _refused(stopped)["code"] == "start.key_ring_missing"
    assert not (tmp_path / "data.keys" / "ring.json").exists()


def test_data_with_the_key_ring_of_another_copy_is_refused(stopped, tmp_path):
    other = environment_for(tmp_path / "other")
    assert run_tenshu("setup", "claim-code", environ=other).returncode == 1
    person = tmp_path / "person.toml"
    password = {"TENSHU_ADMINISTRATOR_PASSWORD": "correct horse battery"}
    made = run_tenshu("setup", "--from", str(person), environ={**other, **password})
    assert made.returncode == 0, made.stderr
    shutil.copy(tmp_path / "other" / "data.keys" / "ring.json", tmp_path / "data.keys")
    assert _refused(stopped)["code"] == "start.key_ring_of_another"


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "data").write_text("a file")
    error = _refused(environment_for(tmp_path))
    assert error["code"] == "data_folder.unusable"
    assert str(tmp_path / "data") in error["message"]


def test_a_setting_that_is_none_is_named(tmp_path):
    error = _refused({**environment_for(tmp_path), "TENSHU_CONSOLE_PORT": "eighty"})
    assert error["code"] == "settings.invalid"
    assert "TENSHU_CONSOLE_PORT=eighty" in error["message"]
