"""From one appliance to another one, with nothing but the repository and the kit."""

import contextlib
import hashlib
import json
import sqlite3
import subprocess
from pathlib import Path

import pytest

from appliance.backup.restore import restore
from appliance.backup.target import alone
from appliance.contract.actions import Repository
from appliance.contract.backup_errors import (
    ArchiveUnknown,
    ArchiveUnreadable,
    FolderUnusable,
    TargetNotEmpty,
    WrongKit,
)
from appliance.contract.kit import KeyKit
from appliance.contract.runs import Phase, State
from appliance.place import Place
from tests.integration.appliance.conftest import CALLER, CHECKPOINT, RING, Kept, RunningAgent, seal


def hashes(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def names(path: Path) -> list[str]:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return [name for (name,) in connection.execute("SELECT name FROM accounts ORDER BY id")]


def test_a_backup_comes_back_whole_from_repository_and_kit_alone_S2_F13(
    kept: Kept, kit: KeyKit, tmp_path: Path
) -> None:
    data, keys = tmp_path / "second", tmp_path / "second.keys"
    typed = KeyKit.from_text(kit.text())

    result = restore(kept.repository, typed, data, keys)

    first = kept.place.data
    assert names(data / "tenshu.sqlite") == names(first / "tenshu.sqlite")
    for folder in ("files", "tls"):
        assert hashes(data / folder) == hashes(first / folder)
    for name in ("appliance.toml", "audit/checkpoints.log", "audit/audit.vkey", "ring.wrapped"):
        assert (data / name).read_bytes() == (first / name).read_bytes()
    assert (keys / "ring.json").read_bytes() == RING
    assert (keys / "ring.json").stat().st_mode & 0o777 == 0o600
    assert (data / "tls" / "server.key").stat().st_mode & 0o777 == 0o600
    mark = json.loads((data / "restored.json").read_bytes())
    assert mark["archive"] == kept.archive
    assert (mark["size"], mark["known_checkpoint"]) == (7, CHECKPOINT.format(size=7))
    assert mark["erasures"] == []
    # the manifest is counted but not placed, restored.json is placed but not counted
    assert (result.rows, result.files) == (1000, len(hashes(data)))
    assert not list(data.glob(".restoring-*"))
    assert not (data / "agent").exists()


def test_a_backup_tells_what_it_wrote(
    agent: RunningAgent, repository: Repository, archive: str
) -> None:
    (run,) = agent.client.runs(CALLER).runs
    assert run.account == CALLER.account
    assert run.progress.phase is Phase.finished
    assert run.progress.percent == 100
    assert run.backup
    assert run.backup.rows == 1000
    assert run.backup.sealed_size == 7
    (listed,) = agent.client.archives(CALLER, repository.id).archives
    assert (listed.name, listed.id) == (archive, run.backup.archive_id)
    assert (listed.rows, listed.files, listed.bytes) == (1000, run.backup.files, listed.bytes)
    assert listed.bytes
    assert abs(listed.at - run.started_at) < 60_000


def test_nothing_readable_of_the_appliance_stands_in_the_repository_F13_METI_48(kept: Kept) -> None:
    stored = b"".join(path.read_bytes() for path in kept.repository.rglob("*") if path.is_file())
    for readable in ("霞が関", kept.archive, "server.key", "tenshu.example"):
        assert readable.encode() not in stored
    assert b"repository" in stored  # Borg's config: the search itself works


def test_the_second_backup_stores_only_what_changed(
    agent: RunningAgent, repository: Repository, archive: str
) -> None:
    run = agent.finished(agent.client.run_backup(CALLER, repository.id))
    assert run.backup
    assert run.backup.archive != archive
    assert run.backup.stored_bytes < 150_000 < run.backup.bytes
    assert agent.client.archives(CALLER, repository.id).total == 2
    newest, oldest = agent.client.archives(CALLER, repository.id).archives
    assert (newest.name, oldest.name) == (run.backup.archive, archive)
    page = agent.client.archives(CALLER, repository.id, offset=1, limit=1)
    assert (page.archives, page.total) == ((oldest,), 2)


def test_an_older_archive_brings_the_newest_erasures_and_checkpoint_with_it(
    agent: RunningAgent, repository: Repository, archive: str, kit: KeyKit, tmp_path: Path
) -> None:
    erasures = [{"position": 8, "event": "e", "at": 1, "subject": "somebody"}]
    (agent.place.data / "audit" / "erasures.json").write_text(json.dumps(erasures))
    seal(agent.place, 9)
    newer = agent.finished(agent.client.run_backup(CALLER, repository.id)).backup
    assert newer
    told = agent.client.archived_checkpoint(CALLER, repository.id)
    assert (told.archive, told.size) == (newer.archive, 9)
    older = agent.client.archived_checkpoint(CALLER, repository.id, archive)
    assert older.checkpoint == CHECKPOINT.format(size=7)

    result = restore(Path(repository.folder), kit, tmp_path / "d", tmp_path / "k", archive=archive)

    assert json.loads((tmp_path / "d" / "audit" / "erasures.json").read_bytes()) == erasures
    mark = json.loads((tmp_path / "d" / "restored.json").read_bytes())
    assert (mark["archive"], mark["newest_archive"]) == (archive, newer.archive)
    assert (mark["size"], mark["erasures"]) == (9, erasures)
    assert result.known_size == 9
    with contextlib.closing(sqlite3.connect(tmp_path / "d/audit/sealed.sqlite")) as store:
        assert store.execute("SELECT count(*) FROM events").fetchone() == (7,)


def test_the_agent_restores_into_fresh_folders_beside_its_data(
    agent: RunningAgent, repository: Repository, archive: str, kit: KeyKit
) -> None:
    run = agent.client.restore_archive(CALLER, repository.id, archive, kit.qr_payload())
    ended = agent.finished(run)
    assert ended.state is State.done, ended.error
    assert ended.restore
    data = Path(ended.restore.data)
    assert data.is_relative_to(agent.place.restores)
    assert names(data / "tenshu.sqlite") == names(agent.place.data / "tenshu.sqlite")


def test_the_kit_stands_nowhere_and_the_passphrase_only_in_the_keys_folder(
    agent: RunningAgent, repository: Repository, archive: str, kit: KeyKit
) -> None:
    run = agent.client.restore_archive(CALLER, repository.id, archive, kit.text())
    assert agent.finished(run).state is State.done
    passphrase = kit.borg_passphrase().reveal().encode()
    holders = [
        path
        for folder in (agent.place.data, agent.place.keys, agent.place.restores)
        for path in folder.rglob("*")
        if path.is_file() and passphrase in path.read_bytes()
    ]
    assert holders == [agent.place.repositories]
    assert agent.place.repositories.stat().st_mode & 0o777 == 0o600
    typed = kit.text().reveal().encode()
    for path in agent.place.data.parent.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert typed not in content
            assert typed.replace(b" ", b"") not in content


def test_another_kit_opens_nothing_and_leaves_nothing_METI_33(kept: Kept, tmp_path: Path) -> None:
    with pytest.raises(WrongKit):
        restore(kept.repository, KeyKit.new(), tmp_path / "d", tmp_path / "k")
    assert not (tmp_path / "d").exists()
    assert not (tmp_path / "k").exists()


def test_a_restore_overwrites_nothing(kept: Kept, kit: KeyKit, tmp_path: Path) -> None:
    for filled in ("d", "k"):
        folder = tmp_path / filled
        folder.mkdir()
        (folder / "mine").write_text("precious")
        with pytest.raises(TargetNotEmpty) as caught:
            restore(kept.repository, kit, tmp_path / "d", tmp_path / "k")
        assert caught.value.parameters["folder"] == str(folder)
        assert [one.name for one in folder.iterdir()] == ["mine"]
        (folder / "mine").unlink()


def test_a_restore_keeps_keys_and_data_apart_and_others_out(
    kept: Kept, kit: KeyKit, tmp_path: Path
) -> None:
    with pytest.raises(FolderUnusable):
        restore(kept.repository, kit, tmp_path / "d", tmp_path / "d" / "keys")
    assert not (tmp_path / "d").exists()
    (tmp_path / "d").mkdir()
    with alone(tmp_path / "d"), pytest.raises(TargetNotEmpty):
        restore(kept.repository, kit, tmp_path / "d", tmp_path / "k")


def test_what_a_killed_restore_left_does_not_stop_the_next_one(
    kept: Kept, kit: KeyKit, tmp_path: Path
) -> None:
    (tmp_path / "d" / ".restoring-1234").mkdir(parents=True)
    (tmp_path / "d" / ".restoring-1234" / "half").write_text("")
    restore(kept.repository, kit, tmp_path / "d", tmp_path / "k")
    assert not list((tmp_path / "d").glob(".restoring-*"))


def test_an_unknown_archive_and_an_empty_repository_are_told(
    agent: RunningAgent, repository: Repository, kit: KeyKit, tmp_path: Path
) -> None:
    with pytest.raises(ArchiveUnknown):
        restore(Path(repository.folder), kit, tmp_path / "d", tmp_path / "k")
    agent.finished(agent.client.run_backup(CALLER, repository.id))
    with pytest.raises(ArchiveUnknown):
        restore(Path(repository.folder), kit, tmp_path / "d", tmp_path / "k", archive="none")
    with pytest.raises(ArchiveUnknown):
        agent.client.archived_checkpoint(CALLER, repository.id, "none")
    assert not (tmp_path / "d").exists()


def test_a_repository_of_another_program_is_told_as_an_archive_without_manifest(
    agent: RunningAgent, repository: Repository, kit: KeyKit, tmp_path: Path
) -> None:
    (tmp_path / "foreign").mkdir()
    (tmp_path / "foreign" / "file").write_text("x")
    borg = ["borg", "create", f"{repository.folder}::foreign", "file"]
    subprocess.run(
        borg,
        check=True,
        cwd=tmp_path / "foreign",
        env={
            "PATH": "/usr/bin:/bin",
            "BORG_BASE_DIR": str(tmp_path / "base"),
            "BORG_PASSPHRASE": kit.borg_passphrase().reveal(),
        },
    )
    (listed,) = agent.client.archives(CALLER, repository.id).archives
    assert (listed.name, listed.rows) == ("foreign", None)
    with pytest.raises(ArchiveUnreadable):
        agent.client.archived_checkpoint(CALLER, repository.id)
    run = agent.client.restore_archive(CALLER, repository.id, "foreign", kit.text())
    assert agent.finished(run).error_code == "archive.unreadable"


def test_a_live_database_is_copied_as_it_is_at_one_moment(
    agent: RunningAgent, repository: Repository, kit: KeyKit, tmp_path: Path
) -> None:
    with contextlib.closing(sqlite3.connect(agent.place.data / "tenshu.sqlite")) as writer:
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("INSERT INTO accounts (name) VALUES ('not committed')")
        run = agent.finished(agent.client.run_backup(CALLER, repository.id))
        writer.commit()
    assert run.state is State.done, run.error
    restore(Path(repository.folder), kit, tmp_path / "d", tmp_path / "k")
    assert "not committed" not in names(tmp_path / "d" / "tenshu.sqlite")
    assert len(names(tmp_path / "d" / "tenshu.sqlite")) == 1000


@pytest.mark.parametrize("missing", ["ring.wrapped", "audit/sealed.sqlite", "tenshu.sqlite"])
def test_a_backup_that_could_not_be_restored_is_refused(
    agent: RunningAgent, repository: Repository, missing: str
) -> None:
    (agent.place.data / missing).unlink()
    run = agent.finished(agent.client.run_backup(CALLER, repository.id))
    assert run.state is State.failed
    codes = {
        "ring.wrapped": "ring.missing",
        "audit/sealed.sqlite": "backup.sealed_store_missing",
        "tenshu.sqlite": "backup.database_unreadable",
    }
    assert run.error_code == codes[missing]
    assert agent.client.archives(CALLER, repository.id).total == 0


def test_a_ring_of_another_kit_is_refused_before_it_is_too_late(
    agent: RunningAgent, repository: Repository, place: Place
) -> None:
    from appliance.contract.ring import wrap_ring

    (place.data / "ring.wrapped").write_bytes(wrap_ring(KeyKit.new().public_key(), RING))
    run = agent.finished(agent.client.run_backup(CALLER, repository.id))
    assert run.error_code == "ring.other_kit"


def test_a_damaged_database_is_not_archived_as_if_it_were_whole(
    agent: RunningAgent, repository: Repository
) -> None:
    path = agent.place.data / "audit" / "sealed.sqlite"
    content = bytearray(path.read_bytes())
    content[4096 + 100 : 4096 + 200] = b"\xff" * 100
    content[4096:4104] = b"\x00" * 8
    path.write_bytes(content)
    run = agent.finished(agent.client.run_backup(CALLER, repository.id))
    assert run.error_code == "backup.database_unreadable"
