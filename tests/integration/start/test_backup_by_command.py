"""The first backup and its restore elsewhere, by the command alone: repository and kit suffice."""

import contextlib
import json
import sqlite3

import pytest

from tests.running import Copy, environment_for, launch, run_tenshu, wait_until

PASSWORD = {"TENSHU_ADMINISTRATOR_PASSWORD": "correct horse battery"}


@pytest.fixture(scope="module")
def owned(tmp_path_factory):
    """A running copy with a first administrator."""
    folder = tmp_path_factory.mktemp("owned")
    environ = environment_for(folder)
    person = folder / "person.toml"
    person.write_text('[administrator]\nlogin_id = "yamada"\nname = "山田 太郎"\n')
    made = run_tenshu("setup", "--from", str(person), environ={**environ, **PASSWORD})
    assert made.returncode == 0, made.stderr
    copy = launch(folder, environ)
    yield copy
    copy.end()


def _json(finished):
    assert finished.returncode == 0, finished.stderr
    return json.loads(finished.stdout)


def _is_sealed(copy: Copy) -> bool:
    return copy.tenshu("audit", "checkpoint").returncode == 0


def test_a_backup_is_restored_on_another_machine_with_repository_and_kit_alone_F13(
    owned: Copy, tmp_path
):
    assert owned.claim_code is None
    wait_until(lambda: _is_sealed(owned), "the history is sealed")
    repository = tmp_path / "repository"
    unnamed = owned.tenshu("backup", "run")
    assert (unnamed.returncode, "there are 0" in unnamed.stderr) == (1, True)
    made = _json(owned.tenshu("backup", "repository", "create", str(repository), "--json"))
    kit = _json(owned.tenshu("backup", "kit", "--json"))["text"]
    assert kit not in owned.tenshu("backup", "repository", "list").stdout
    wrong = owned.tenshu("backup", "kit", "--kept", stdin="AAAA\n")
    assert wrong.returncode == 1
    kept = owned.tenshu("backup", "kit", "--kept", "--json", stdin=kit.rpartition(" ")[2] + "\n")
    assert _json(kept)["kept"] is True
    assert owned.tenshu("backup", "kit").returncode == 1, "it stands on paper only"

    run = owned.tenshu("backup", "run", made["name"], "--json")
    backup = _json(run)["backup"]
    # a step that is over before it is asked for is not told of
    assert run.stderr.startswith("· starting\n")
    assert len(run.stderr.splitlines()) > 1
    archives = _json(owned.tenshu("backup", "archives", "--json"))["archives"]
    assert [one["name"] for one in archives] == [backup["archive"]]

    held = owned.tenshu("audit", "checkpoint", "--archive", backup["archive"])
    (tmp_path / "held").write_text(held.stdout)
    compared = owned.tenshu("audit", "verify", "--against", str(tmp_path / "held"))
    assert (compared.returncode, "not excluded" in compared.stdout) == (0, False)
    named = _json(owned.tenshu("audit", "checkpoint", "--repository", made["name"], "--json"))
    assert named["checkpoint"].strip() == held.stdout.strip()

    elsewhere = environment_for(tmp_path / "elsewhere")
    data = elsewhere.pop("TENSHU_DATA")
    command = ["backup", "restore", "--repository", str(repository), "--kit-file", "-"]
    assert run_tenshu(*command, environ=elsewhere, stdin=kit).returncode == 2, "into which folder?"
    command += ["--data", data, "--json"]
    mistyped = run_tenshu(*command, environ=elsewhere, stdin=kit[:-4] + "AAAA")
    assert mistyped.returncode == 1
    assert json.loads(mistyped.stderr)["error"]["code"] == "kit.mistyped"
    restored = run_tenshu(*command, environ=elsewhere, stdin=kit)
    assert _json(restored)["archive"] == backup["archive"]

    second = launch(tmp_path / "elsewhere", {**elsewhere, "TENSHU_DATA": data})
    try:
        assert second.claim_code is None
        people = _json(second.tenshu("accounts", "list", "--json"))["items"]
        assert [one["login_id"] for one in people] == ["yamada"]
        wait_until(
            lambda: _json(second.tenshu("audit", "verify", "--json"))["epochs"],
            "the restore stands in the history as an epoch",
        )
        (known,) = _json(second.tenshu("backup", "repository", "list", "--json"))["repositories"]
        assert (known["name"], known["connected"]) == (made["name"], False)
        assert "not connected" in second.tenshu("backup", "repository", "list").stdout
        refused = second.tenshu("backup", "run", made["name"])
        assert (refused.returncode, "not connected" in refused.stderr) == (1, True)
        connected = second.tenshu("backup", "connect-repository", made["name"], "--json")
        assert _json(connected)["id"] == made["id"]
        assert _json(second.tenshu("backup", "run", "--json"))["state"] == "done"
        renewed = second.tenshu("backup", "new-kit", "--json")
        assert _json(renewed)["repositories"] == 1
        assert "older archives too" in renewed.stderr
        assert _json(second.tenshu("backup", "kit", "--json"))["text"] != kit
    finally:
        second.end()


def test_a_repository_is_forgotten_or_deleted_with_its_archives_by_its_name(owned: Copy, tmp_path):
    wait_until(lambda: _is_sealed(owned), "the history is sealed")
    folder = tmp_path / "doomed"
    _json(owned.tenshu("backup", "repository", "create", str(folder), "--name", "old", "--json"))
    forgotten = _json(owned.tenshu("backup", "forget-repository", "old", "--json"))
    assert forgotten["name"] == "old"
    assert (folder / "config").is_file()
    again = owned.tenshu("backup", "repository", "create", str(folder), "--name", "old", "--json")
    assert _json(again)["adopted"] is True
    assert owned.tenshu("backup", "run", "old").returncode == 0

    wrong = owned.tenshu("backup", "delete-repository", "old", "--json", stdin="new\n")
    assert wrong.returncode == 1
    assert "1 archives" in wrong.stderr
    error = json.loads(wrong.stderr[wrong.stderr.index('{\n  "error"') :])["error"]
    assert error["code"] == "backups.name_differs"
    assert (folder / "config").is_file()
    assert owned.tenshu("backup", "delete-repository", "old").returncode == 130, "nobody answered"
    deleted = _json(owned.tenshu("backup", "delete-repository", "old", "--json", stdin="old\n"))
    assert (deleted["state"], deleted["deletion"]["archives"]) == ("done", 1)
    assert not folder.exists()
    assert owned.tenshu("backup", "delete-repository", "old", "--yes").returncode == 1


def test_one_byte_changed_behind_the_back_is_named_F5(owned: Copy):
    wait_until(lambda: _is_sealed(owned), "the history is sealed")
    assert owned.tenshu("audit", "verify").returncode == 0
    path = owned.data / "audit" / "sealed.sqlite"
    with contextlib.closing(sqlite3.connect(path, timeout=30)) as connection, connection:
        event, content = connection.execute(
            "SELECT id, content FROM events WHERE verb = 'setup.create_first'"
        ).fetchone()
        changed = content.replace("setup.create_first", "setup.create_firsT")
        connection.execute("UPDATE events SET content = ? WHERE id = ?", (changed, event))
    found = owned.tenshu("audit", "verify", "--json")
    assert found.returncode == 3
    assert json.loads(found.stdout)["wrong"]["event"] == event
    assert event in owned.tenshu("audit", "verify").stdout
