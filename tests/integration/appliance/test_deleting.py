"""A repository that is deleted is gone whole, and nothing else with it."""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.backup.delete import size_of
from appliance.contract.actions import Repository
from appliance.contract.backup_errors import (
    RepositoryGone,
    RepositoryUnknown,
    RunInProgress,
)
from appliance.contract.kit import KeyKit
from appliance.contract.runs import Phase, Run, State
from tests.integration.appliance.conftest import CALLER, RunningAgent, stall


def delete(agent: RunningAgent, repository: Repository) -> Run:
    return agent.finished(agent.client.delete_repository(CALLER, repository.id))


def refused(agent: RunningAgent, repository: Repository, code: str) -> Run:
    """Delete in vain: the run tells why, and the repository stays on the list."""
    ended = delete(agent, repository)
    assert (ended.state, ended.error_code) == (State.failed, code)
    assert repository in agent.client.repositories(CALLER).repositories
    return ended


@contextlib.contextmanager
def mounted(folder: Path) -> Iterator[Path]:
    """A disk of 24 MiB at `folder`. A real one: only root can mount it."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a disk")
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


def test_a_deleted_repository_is_gone_with_its_archives_and_nothing_else_is(
    agent: RunningAgent, repository: Repository, archive: str, kit: KeyKit, tmp_path: Path
) -> None:
    folder, outside = Path(repository.folder), tmp_path / "outside"
    other = agent.client.create_repository_for(CALLER, "USB", str(tmp_path / "other"), kit)
    outside.mkdir()
    (outside / "letter").write_text("kept")
    (folder / "data" / "link").symlink_to(outside)
    (folder / "data" / "linked").symlink_to(outside / "letter")
    stored = agent.client.archives(CALLER, repository.id).stored_bytes
    assert stored == size_of(folder) > 300_000

    ended = delete(agent, repository)

    assert ended.state is State.done, ended.error
    assert ended.deletion
    assert (ended.deletion.archives, ended.deletion.bytes) == (1, stored)
    assert ended.progress.phase is Phase.finished
    assert not folder.exists()
    assert (outside / "letter").read_text() == "kept"
    assert agent.client.repositories(CALLER).repositories == (other,)
    assert agent.client.archives(CALLER, other.id).total == 0
    with pytest.raises(RepositoryUnknown):
        agent.client.delete_repository(CALLER, repository.id)


def test_a_repository_that_is_deleted_may_be_made_anew_at_the_same_place(
    agent: RunningAgent, repository: Repository, archive: str, kit: KeyKit
) -> None:
    delete(agent, repository)
    made = agent.client.create_repository_for(CALLER, "NAS", repository.folder, kit)
    again = agent.finished(agent.client.run_backup(CALLER, made.id))
    assert again.state is State.done, again.error


def test_another_repository_in_its_place_is_not_deleted(
    agent: RunningAgent, repository: Repository, kit: KeyKit, tmp_path: Path
) -> None:
    other = agent.client.create_repository_for(CALLER, "USB", str(tmp_path / "other"), kit)
    Path(repository.folder).rename(tmp_path / "away")
    shutil.copytree(other.folder, repository.folder)
    before = size_of(Path(repository.folder))
    refused(agent, repository, "repository.replaced")
    assert size_of(Path(repository.folder)) == before


def test_what_is_reached_through_a_link_is_not_deleted(
    agent: RunningAgent, repository: Repository, tmp_path: Path
) -> None:
    folder = Path(repository.folder)
    folder.rename(tmp_path / "away")
    folder.symlink_to(tmp_path / "away")
    refused(agent, repository, "repository.replaced")
    assert (tmp_path / "away" / "config").is_file()


def test_a_folder_that_holds_somebodys_file_too_is_not_deleted(
    agent: RunningAgent, repository: Repository
) -> None:
    letter = Path(repository.folder) / "letter.txt"
    letter.write_text("kept")
    ended = refused(agent, repository, "repository.holds_others")
    assert "letter.txt" in str(ended.error)
    assert letter.read_text() == "kept"
    assert agent.client.archives(CALLER, repository.id).total == 0
    letter.unlink()
    assert delete(agent, repository).state is State.done


def test_a_disk_that_is_not_there_is_told_and_the_repository_stays_on_the_list(
    agent: RunningAgent, repository: Repository, tmp_path: Path
) -> None:
    folder = Path(repository.folder)
    folder.rename(tmp_path / "away")
    refused(agent, repository, "repository.gone")
    folder.mkdir()  # the place to mount it
    refused(agent, repository, "repository.gone")
    assert folder.exists()


@pytest.mark.parametrize("damage", ["data", "config"])
def test_a_damaged_repository_can_be_deleted_unless_nobody_knows_which_it_is(
    agent: RunningAgent, repository: Repository, archive: str, damage: str
) -> None:
    folder = Path(repository.folder)
    if damage == "config":
        (folder / "config").write_text("not a config")
        refused(agent, repository, "repository.damaged")
        return
    for segment in (folder / "data").rglob("*"):
        if segment.is_file():
            segment.write_bytes(b"BORG_SEG" + os.urandom(1000))
    ended = delete(agent, repository)
    assert ended.state is State.done, ended.error
    assert ended.deletion
    assert ended.deletion.archives is None
    assert not folder.exists()


def test_a_repository_that_somebody_else_works_in_is_not_deleted(
    agent: RunningAgent, repository: Repository
) -> None:
    lock = Path(repository.folder) / "lock.exclusive"
    lock.mkdir()
    (lock / f"another-machine@7.{os.getpid()}-0").write_text("")
    refused(agent, repository, "repository.locked")
    assert (Path(repository.folder) / "config").is_file()


def test_a_repository_on_a_disk_of_its_own_is_deleted_and_the_mount_stays(
    agent: RunningAgent, kit: KeyKit, tmp_path: Path
) -> None:
    with mounted(tmp_path / "usb") as disk:
        made = agent.client.create_repository_for(CALLER, "USB", str(disk), kit)
        ended = delete(agent, made)
        assert ended.state is State.done, ended.error
        assert list(disk.iterdir()) == []
    assert agent.client.repositories(CALLER).repositories == ()


def test_a_deletion_that_stops_in_the_middle_says_so_and_is_finished_later(
    agent: RunningAgent, repository: Repository, archive: str
) -> None:
    folder = Path(repository.folder)
    with mounted(folder / "data" / "obstacle"):
        refused(agent, repository, "repository.deletion_unfinished")
        assert not (folder / "config").exists()
    assert folder.exists()
    with pytest.raises(RepositoryGone):
        agent.client.archives(CALLER, repository.id)
    away = folder.with_name("away")
    folder.rename(away)
    folder.mkdir()  # another disk's folder: the rest does not lie here
    refused(agent, repository, "repository.gone")
    folder.rmdir()
    away.rename(folder)
    ended = delete(agent, repository)
    assert ended.state is State.done, ended.error
    assert not folder.exists()
    assert agent.client.repositories(CALLER).repositories == ()


def test_a_deletion_that_was_cut_off_after_its_last_file_only_strikes_it_off_the_list(
    agent: RunningAgent, repository: Repository
) -> None:
    folder = Path(repository.folder)
    with mounted(folder / "data" / "obstacle"):
        refused(agent, repository, "repository.deletion_unfinished")
    shutil.rmtree(folder)
    ended = delete(agent, repository)
    assert ended.deletion
    assert (ended.state, ended.deletion.bytes) == (State.done, 0)
    assert agent.client.repositories(CALLER).repositories == ()


def test_a_deletion_that_hangs_before_its_first_byte_is_cancelled_and_has_deleted_nothing(
    agent: RunningAgent, repository: Repository
) -> None:
    stall(repository)
    run = agent.client.delete_repository(CALLER, repository.id)
    with pytest.raises(RunInProgress):
        agent.client.forget_repository(CALLER, repository.id)
    agent.client.cancel(CALLER, run.id)
    ended = agent.finished(run)
    assert (ended.state, ended.error_code) == (State.cancelled, "run.cancelled")
    assert (Path(repository.folder) / "config").is_file()
    assert agent.client.repositories(CALLER).repositories == (repository,)


def test_a_forgotten_repository_leaves_the_list_and_can_be_taken_up_again(
    agent: RunningAgent, repository: Repository, archive: str, kit: KeyKit
) -> None:
    assert agent.client.forget_repository(CALLER, repository.id) == repository
    assert agent.client.repositories(CALLER).repositories == ()
    with pytest.raises(RepositoryUnknown):
        agent.client.forget_repository(CALLER, repository.id)
    taken = agent.client.create_repository_for(CALLER, "NAS", repository.folder, kit)
    assert taken.borg_id == repository.borg_id
    (listed,) = agent.client.archives(CALLER, taken.id).archives
    assert listed.name == archive
