"""What happens when something is killed, vanishes, fills up or is changed behind our back."""

import contextlib
import os
import shutil
import signal
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.backup.locks import host_of
from appliance.backup.restore import restore
from appliance.contract.actions import Repository
from appliance.contract.backup_errors import (
    ArchiveDiffers,
    ArchiveUnreadable,
    DiskFull,
    RepositoryDamaged,
    RepositoryGone,
    RunInProgress,
    RunOver,
)
from appliance.contract.kit import KeyKit
from appliance.contract.runs import Phase, Progress, Run, State
from appliance.records import Record
from tests.integration.appliance.conftest import (
    CALLER,
    Kept,
    RunningAgent,
    alive,
    borg_of,
    make_place,
    wait_for,
)

BIG = 256 << 20
RUN = Run(id="a" * 20, action="RunBackup", repository="b")


@pytest.fixture(scope="session")
def big_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """So much data that a backup takes a while; random, so that nothing is deduplicated."""
    path = tmp_path_factory.mktemp("big") / "big"
    with path.open("wb") as file:
        for _ in range(BIG >> 22):
            file.write(os.urandom(1 << 22))
    return path


@pytest.fixture
def big(agent: RunningAgent, big_file: Path) -> None:
    """The big file is one of the appliance's files."""
    os.link(big_file, agent.place.data / "files" / "big")


def begin(agent: RunningAgent, repository: Repository) -> Run:
    """Start a backup; return when it stands still in the middle of writing into the repository.

    It stands still so that no test depends on who is quicker; `go_on` lets it run.
    """
    run = agent.client.run_backup(CALLER, repository.id)
    for moved in agent.client.follow(CALLER, run.id):
        if moved.progress.phase is Phase.archiving and moved.progress.bytes_done > 4 << 20:
            assert moved.progress.bytes_done < BIG
            assert moved.progress.bytes_total > BIG
            assert 35 < moved.progress.percent < 95
            os.kill(borg_of(agent.run_process(moved)), signal.SIGSTOP)
            return moved
        assert moved.state is State.running, moved.error
    raise AssertionError


def go_on(agent: RunningAgent, run: Run) -> None:
    """Let a backup run that `begin` has stopped."""
    os.kill(borg_of(agent.run_process(run)), signal.SIGCONT)


def test_a_repository_that_vanishes_in_the_middle_is_told_and_nothing_is_lost(
    agent: RunningAgent, repository: Repository, big: None
) -> None:
    run = begin(agent, repository)
    folder = Path(repository.folder)
    folder.rename(folder.with_name("away"))
    go_on(agent, run)
    ended = agent.finished(run)
    assert (ended.state, ended.error_code) == (State.failed, "repository.gone")
    assert isinstance(ended.error, RepositoryGone)
    assert repository.folder in str(ended.error)
    assert not agent.place.scratch.exists()

    folder.with_name("away").rename(folder)
    again = agent.finished(agent.client.run_backup(CALLER, repository.id))
    assert again.state is State.done, again.error
    assert agent.client.archives(CALLER, repository.id).total == 1


def test_a_repository_that_is_deleted_in_the_middle_is_told(
    agent: RunningAgent, repository: Repository, big: None
) -> None:
    run = begin(agent, repository)
    shutil.rmtree(repository.folder)
    go_on(agent, run)
    assert agent.finished(run).error_code == "repository.gone"
    with pytest.raises(RepositoryGone):
        agent.client.archives(CALLER, repository.id)


def test_a_backup_outlives_the_kill_of_its_agent(
    agent: RunningAgent, repository: Repository, big: None
) -> None:
    run = begin(agent, repository)
    agent.kill()
    number = agent.run_process(run)
    assert alive(number)
    agent.start()
    found = agent.client.progress(CALLER, run.id)
    assert found.state is State.running
    go_on(agent, run)
    ended = agent.finished(run)
    assert ended.state is State.done, ended.error
    assert ended.account == CALLER.account
    assert agent.client.archives(CALLER, repository.id).total == 1


def test_a_killed_backup_is_told_as_failed_and_the_next_one_finds_no_lock(
    agent: RunningAgent, repository: Repository, big: None
) -> None:
    run = begin(agent, repository)
    number = agent.run_process(run)
    borg = borg_of(number)
    os.kill(number, signal.SIGKILL)
    ended = agent.finished(run)
    assert (ended.state, ended.error_code) == (State.failed, "run.died")
    with contextlib.suppress(ProcessLookupError):  # the kernel may have woken the orphan itself
        os.kill(borg, signal.SIGCONT)
    wait_for(lambda: not agent.place.scratch.exists())
    wait_for(lambda: not alive(borg))  # it does not go on alone
    again = agent.finished(agent.client.run_backup(CALLER, repository.id))
    assert again.state is State.done, again.error


def test_a_machine_that_stops_in_the_middle_of_a_backup_tells_it_and_makes_the_next_one(
    agent: RunningAgent, repository: Repository, big: None
) -> None:
    run = begin(agent, repository)
    number = agent.run_process(run)
    borg = borg_of(number)
    agent.kill()
    os.kill(number, signal.SIGSTOP)  # all at once, as a machine stops: nobody sees another's end
    for one in (borg, number):
        os.kill(one, signal.SIGKILL)
    wait_for(lambda: not alive(borg) and not alive(number))
    assert (Path(repository.folder) / "lock.exclusive").exists()

    agent.start()
    (told,) = agent.client.runs(CALLER).runs
    assert (told.id, told.state, told.error_code) == (run.id, State.failed, "run.died")
    assert told.finished_at
    assert not agent.place.scratch.exists()
    again = agent.finished(agent.client.run_backup(CALLER, repository.id))
    assert again.state is State.done, again.error
    assert agent.client.archives(CALLER, repository.id).total == 1


def test_a_lock_of_our_own_name_is_removed_and_a_strangers_is_not(
    agent: RunningAgent, repository: Repository, archive: str
) -> None:
    """A number that lives again after a restart of the machine: Borg alone would wait for ever."""
    host = host_of(agent.place.borg)
    lock = Path(repository.folder) / "lock.exclusive"
    lock.mkdir()
    (lock / f"{host}.{os.getpid()}-0").write_text("")
    again = agent.finished(agent.client.run_backup(CALLER, repository.id))
    assert again.state is State.done, again.error

    lock.mkdir()
    (lock / f"another-machine@7.{os.getpid()}-0").write_text("")
    refused = agent.finished(agent.client.run_backup(CALLER, repository.id))
    assert refused.error_code == "repository.locked"
    assert lock.exists()


def test_a_killed_borg_is_told_and_its_lock_is_no_obstacle(
    agent: RunningAgent, repository: Repository, big: None
) -> None:
    run = begin(agent, repository)
    os.kill(borg_of(agent.run_process(run)), signal.SIGKILL)
    ended = agent.finished(run)
    assert (ended.state, ended.error_code) == (State.failed, "borg.failed")
    assert agent.finished(agent.client.run_backup(CALLER, repository.id)).state is State.done


def test_a_cancelled_backup_ends_and_leaves_nothing(
    agent: RunningAgent, repository: Repository, big: None
) -> None:
    run = begin(agent, repository)
    with pytest.raises(RunInProgress):
        agent.client.check_repository(CALLER, repository.id)
    assert agent.client.archives(CALLER, repository.id).total == 0  # readable beside the backup
    agent.client.cancel(CALLER, run.id)
    go_on(agent, run)
    ended = agent.finished(run)
    assert (ended.state, ended.error_code) == (State.cancelled, "run.cancelled")
    assert not agent.place.scratch.exists()
    assert agent.client.archives(CALLER, repository.id).total == 0
    with pytest.raises(RunOver):
        agent.client.cancel(CALLER, run.id)


def flip(repository: Path) -> None:
    """Change one byte in the middle of the repository's largest segment."""
    segment = max((repository / "data").rglob("*"), key=lambda path: path.stat().st_size)
    content = bytearray(segment.read_bytes())
    content[len(content) // 2] ^= 1
    segment.write_bytes(content)


def test_one_changed_byte_is_found_by_the_check_METI_28(
    agent: RunningAgent, repository: Repository, archive: str
) -> None:
    whole = agent.finished(agent.client.check_repository(CALLER, repository.id))
    assert whole.check
    assert whole.check.whole
    assert whole.check.findings == ()
    flip(Path(repository.folder))
    broken = agent.finished(agent.client.check_repository(CALLER, repository.id))
    assert broken.state is State.done
    assert broken.check
    assert not broken.check.whole
    assert broken.check.findings


def test_a_damaged_archive_is_not_restored_and_leaves_the_target_empty(
    kept: Kept, kit: KeyKit, tmp_path: Path
) -> None:
    damaged = tmp_path / "repository"
    shutil.copytree(kept.repository, damaged)
    flip(damaged)
    (tmp_path / "d").mkdir()
    with pytest.raises(RepositoryDamaged) as caught:
        restore(damaged, kit, tmp_path / "d", tmp_path / "k")
    assert str(damaged) in str(caught.value)
    assert list((tmp_path / "d").iterdir()) == []
    assert not (tmp_path / "k").exists()


def test_a_newest_archive_that_cannot_be_read_does_not_forbid_an_older_one(
    kept: Kept, kit: KeyKit, tmp_path: Path
) -> None:
    repository, folder = tmp_path / "repository", tmp_path / "foreign"
    shutil.copytree(kept.repository, repository)
    folder.mkdir()
    (folder / "something").write_text("of another program")
    archive_by_hand(kept, kit, folder, repository)
    result = restore(repository, kit, tmp_path / "d", tmp_path / "k", archive=kept.archive)
    assert result.unreadable == ("tenshu-99999999T999999Z",)
    assert result.newest_archive == kept.archive
    with pytest.raises(ArchiveUnreadable):
        restore(repository, kit, tmp_path / "e", tmp_path / "f")


def archive_by_hand(kept: Kept, kit: KeyKit, folder: Path, repository: Path) -> None:
    """Write `folder` as the repository's newest archive, as somebody with the passphrase could."""
    subprocess.run(
        ["borg", "create", f"{repository}::tenshu-99999999T999999Z", "."],
        check=True,
        cwd=folder,
        env={
            "PATH": "/usr/bin:/bin",
            "BORG_BASE_DIR": str(folder.parent / "base"),
            "BORG_RELOCATED_REPO_ACCESS_IS_OK": "yes",
            "BORG_PASSPHRASE": kit.borg_passphrase().reveal(),
        },
    )


@pytest.mark.parametrize("change", ["content", "added", "missing"])
def test_an_archive_that_differs_from_its_manifest_is_refused_S2(
    kept: Kept, kit: KeyKit, tmp_path: Path, change: str
) -> None:
    repository, folder = tmp_path / "repository", tmp_path / "unpacked"
    shutil.copytree(kept.repository, repository)
    folder.mkdir()
    subprocess.run(
        ["borg", "extract", f"{repository}::{kept.archive}"],
        check=True,
        cwd=folder,
        env={
            "PATH": "/usr/bin:/bin",
            "BORG_BASE_DIR": str(tmp_path / "base"),
            "BORG_PASSPHRASE": kit.borg_passphrase().reveal(),
        },
    )
    small = folder / "files" / "small"
    match change:
        case "content":
            small.write_bytes(b"y")
        case "added":
            (folder / "files" / "added").write_bytes(b"y")
        case "missing":
            small.unlink()
    archive_by_hand(kept, kit, folder, repository)
    with pytest.raises(ArchiveDiffers) as caught:
        restore(repository, kit, tmp_path / "d", tmp_path / "k")
    assert caught.value.parameters["path"] == (
        "files/added" if change == "added" else "files/small"
    )
    assert not (tmp_path / "d").exists()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 24 MiB. A real one: only root can mount it."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", folder], check=True)
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_full_repository_disk_is_told_and_works_again_when_there_is_room(
    agent: RunningAgent, kit: KeyKit, small_disk: Path
) -> None:
    (agent.place.data / "files" / "big").write_bytes(os.urandom(40 << 20))
    made = agent.client.create_repository_for(CALLER, "USB", str(small_disk / "repository"), kit)
    ended = agent.finished(agent.client.run_backup(CALLER, made.id))
    assert (ended.state, ended.error_code) == (State.failed, "disk.full")
    assert str(small_disk) in str(ended.error)
    (agent.place.data / "files" / "big").write_bytes(os.urandom(1 << 20))
    again = agent.finished(agent.client.run_backup(CALLER, made.id))
    assert again.state is State.done, again.error


def test_a_full_disk_of_the_appliance_itself_is_told_and_works_again_when_there_is_room(
    kit: KeyKit, small_disk: Path, tmp_path: Path
) -> None:
    place = make_place(small_disk, kit)
    with contextlib.closing(sqlite3.connect(place.data / "tenshu.sqlite")) as connection:
        connection.execute("CREATE TABLE large (content BLOB)")
        connection.execute("INSERT INTO large VALUES (zeroblob(6000000))")
        connection.commit()
    full = RunningAgent(place)
    full.start()
    try:
        made = full.client.create_repository_for(CALLER, "NAS", str(tmp_path / "nas"), kit)
        free = os.statvfs(small_disk).f_bavail * os.statvfs(small_disk).f_frsize
        ballast = small_disk / "ballast"
        ballast.write_bytes(b"x" * (free - 3_000_000))
        ended = full.finished(full.client.run_backup(CALLER, made.id))
        assert (ended.state, ended.error_code) == (State.failed, "disk.full")
        assert str(place.scratch) in str(ended.error)
        assert not place.scratch.exists()
        fill_up(ballast)
        with pytest.raises(DiskFull):
            full.client.run_backup(CALLER, made.id)
        assert full.client.runs(CALLER).runs[-1] == ended
        ballast.unlink()
        again = full.finished(full.client.run_backup(CALLER, made.id))
        assert again.state is State.done, again.error
    finally:
        full.end()


def fill_up(file: Path) -> None:
    """Let a file take the last byte of its disk."""
    with file.open("ab", buffering=0) as stream, pytest.raises(OSError, match="No space"):
        while True:
            stream.write(b"x" * 4096)


def test_the_end_of_a_run_is_kept_on_a_disk_without_a_byte(small_disk: Path) -> None:
    record, lock = Record.create(small_disk / "runs", RUN)
    os.close(lock)
    record.tell(Progress(phase=Phase.snapshot))
    fill_up(small_disk / "ballast")
    record.finish(RUN, State.failed, error=DiskFull(folder="/x"))
    assert record.read().error_code == "disk.full"


def test_a_dead_run_is_told_as_such_even_where_that_cannot_be_written_down(
    small_disk: Path,
) -> None:
    record, lock = Record.create(small_disk / "runs", RUN)
    os.close(lock)
    fill_up(small_disk / "ballast")
    assert record.read().error_code == "run.died"
    assert not (record.folder / "result.json").exists()
    (small_disk / "ballast").unlink()
    assert record.read().error_code == "run.died"
    assert (record.folder / "result.json").exists()


def test_a_repository_that_cannot_be_made_leaves_no_half_of_it(
    agent: RunningAgent, kit: KeyKit, small_disk: Path
) -> None:
    (small_disk / "ballast").write_bytes(b"x" * (24 * (1 << 20) - (8 << 10)))
    (small_disk / "empty").mkdir()
    for name in ("new", "empty"):
        with pytest.raises(DiskFull):
            agent.client.create_repository_for(CALLER, name, str(small_disk / name), kit)
    assert sorted(one.name for one in small_disk.iterdir()) == ["ballast", "empty"]
    assert list((small_disk / "empty").iterdir()) == []
    assert agent.client.repositories(CALLER).repositories == ()


def test_a_restore_onto_a_full_disk_is_told_and_leaves_nothing(
    kept: Kept, kit: KeyKit, small_disk: Path
) -> None:
    (small_disk / "ballast").write_bytes(b"x" * (24 * (1 << 20) - (300 << 10)))
    with pytest.raises(DiskFull):
        restore(kept.repository, kit, small_disk / "d", small_disk / "k")
    assert [one.name for one in small_disk.iterdir()] == ["ballast"]


def test_a_write_protected_repository_can_be_restored(
    kept: Kept, kit: KeyKit, tmp_path: Path, small_disk: Path
) -> None:
    shutil.copytree(kept.repository, small_disk / "repository")
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    try:
        restore(small_disk / "repository", kit, tmp_path / "d", tmp_path / "k")
    finally:
        subprocess.run(["mount", "-o", "remount,rw", small_disk], check=True)
    assert (tmp_path / "d" / "tenshu.sqlite").exists()
