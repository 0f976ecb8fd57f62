"""A lost kit is replaced: the new one opens every archive, the old one none that stands there."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import msgspec
import pytest

from appliance.agent.kit_change import change_kit
from appliance.agent.repositories import Repositories
from appliance.backup.borg import Borg
from appliance.backup.restore import restore
from appliance.book import Book
from appliance.contract.actions import ChangeKit, Repository
from appliance.contract.backup_errors import (
    BorgFailed,
    RepositoryGone,
    RingOfAnotherKit,
    RunInProgress,
    WrongKit,
)
from appliance.contract.kit import KeyKit
from appliance.contract.repository_errors import RepositoriesBusy
from appliance.contract.ring import BESIDE, wrap_ring
from appliance.contract.runs import State
from appliance.contract.secret import Secret
from tests.integration.appliance.conftest import CALLER, RING, RunningAgent, stall

NEWER = json.dumps({"keys": [{"id": "k2"}, {"id": "k1", "material": "c2VjcmV0"}]}).encode()
"""The ring as it is when the kit is changed: the keys of the archives before, and a later one."""


@pytest.fixture
def new() -> KeyKit:
    return KeyKit.new()


def change(agent: RunningAgent, kit: KeyKit) -> tuple[Repository, ...]:
    wrapped = wrap_ring(kit.public_key(), NEWER)
    changed = agent.client.change_kit(CALLER, kit, wrapped).repositories
    (agent.place.data / "ring.wrapped").write_bytes(wrapped)
    return changed


def test_a_new_kit_opens_the_archives_before_and_after_and_the_old_one_opens_none_F13(
    agent: RunningAgent,
    repository: Repository,
    archive: str,
    kit: KeyKit,
    new: KeyKit,
    tmp_path: Path,
) -> None:
    before = tmp_path / "copied before"
    shutil.copytree(repository.folder, before)

    (changed,) = change(agent, new)

    assert changed == msgspec.structs.replace(repository, kit_number=new.number())
    after = agent.finished(agent.client.run_backup(CALLER, repository.id))
    assert after.state is State.done, after.error
    assert after.backup
    assert agent.client.archives(CALLER, repository.id).total == 2
    folder = Path(repository.folder)
    restore(folder, new, tmp_path / "d1", tmp_path / "k1", archive=archive)
    assert (tmp_path / "k1" / "ring.json").read_bytes() == NEWER
    restore(folder, new, tmp_path / "d2", tmp_path / "k2", archive=after.backup.archive)
    assert (tmp_path / "k2" / "ring.json").read_bytes() == NEWER
    with pytest.raises(WrongKit):
        restore(folder, kit, tmp_path / "d3", tmp_path / "k3")
    # what was copied before still opens with the old kit: nobody can take that back
    restore(before, kit, tmp_path / "d4", tmp_path / "k4")
    assert (tmp_path / "k4" / "ring.json").read_bytes() == RING
    with pytest.raises(WrongKit):
        restore(before, new, tmp_path / "d5", tmp_path / "k5")


def test_a_third_kit_opens_what_the_first_two_archived(
    agent: RunningAgent, repository: Repository, archive: str, new: KeyKit, tmp_path: Path
) -> None:
    change(agent, new)
    third = KeyKit.new()
    change(agent, third)
    folder = Path(repository.folder)
    assert [one.name for one in folder.glob("tenshu-ring-*")] == [BESIDE.format(kit=third.number())]
    restore(folder, third, tmp_path / "d", tmp_path / "k", archive=archive)
    deleted = agent.finished(agent.client.delete_repository(CALLER, repository.id))
    assert deleted.state is State.done, deleted.error


def test_without_the_ring_beside_them_older_archives_are_refused_not_half_restored(
    agent: RunningAgent, repository: Repository, archive: str, new: KeyKit, tmp_path: Path
) -> None:
    change(agent, new)
    (Path(repository.folder) / BESIDE.format(kit=new.number())).unlink()
    with pytest.raises(WrongKit):
        restore(Path(repository.folder), new, tmp_path / "d", tmp_path / "k", archive=archive)
    assert not (tmp_path / "d").exists()


def test_one_repository_that_is_not_there_keeps_all_at_the_kit_that_they_have(
    agent: RunningAgent, repository: Repository, kit: KeyKit, new: KeyKit, tmp_path: Path
) -> None:
    other = agent.client.create_repository_for(CALLER, "USB", str(tmp_path / "usb"), kit)
    Path(other.folder).rename(tmp_path / "away")
    with pytest.raises(RepositoryGone):
        change(agent, new)
    assert {one.kit_number for one in agent.client.repositories(CALLER).repositories} == {
        kit.number()
    }
    assert agent.client.archives(CALLER, repository.id).total == 0


def test_a_repository_that_fails_in_the_middle_gives_the_others_their_kit_back(
    agent: RunningAgent, repository: Repository, kit: KeyKit, new: KeyKit, tmp_path: Path
) -> None:
    other = agent.client.create_repository_for(CALLER, "USB", str(tmp_path / "usb"), kit)
    # it opens, and does not take a new passphrase: Borg cannot write there
    immutable = Path(other.folder) / "config"
    if os.geteuid() != 0 or subprocess.run(["chattr", "+i", immutable], check=False).returncode:
        pytest.skip("only root can make a file immutable, and not on every disk")
    try:
        with pytest.raises(Exception, match=r"Borg could not|cannot be used"):
            change(agent, new)
    finally:
        subprocess.run(["chattr", "-i", immutable], check=True)
    assert {one.kit_number for one in agent.client.repositories(CALLER).repositories} == {
        kit.number()
    }
    for one in (repository, other):
        assert agent.client.archives(CALLER, one.id).total == 0
    assert not list(Path(repository.folder).glob("tenshu-ring-*"))
    change(agent, new)
    for one in (repository, other):
        assert agent.client.archives(CALLER, one.id).total == 0


@pytest.mark.parametrize("happened", [False, True])
def test_a_change_that_was_cut_off_is_found_out_at_the_next_look(
    agent: RunningAgent, repository: Repository, kit: KeyKit, new: KeyKit, happened: bool
) -> None:
    book = Book(agent.place)
    (entry,) = book.entries()
    noted = msgspec.structs.replace(
        entry, next_passphrase=new.borg_passphrase().reveal(), next_kit=new.number()
    )
    if happened:
        change(agent, new)
    book.replace(noted)  # as it is written down before Borg hears of it
    assert agent.client.archives(CALLER, repository.id).total == 0
    (settled,) = book.entries()
    assert settled.repository.kit_number == (new if happened else kit).number()
    assert settled.next_passphrase == ""
    change(agent, new)
    assert agent.client.archives(CALLER, repository.id).total == 0


def test_nothing_runs_while_the_kit_changes_and_it_does_not_change_while_something_runs(
    agent: RunningAgent, repository: Repository, kit: KeyKit, new: KeyKit
) -> None:
    stall(repository)
    run = agent.client.run_backup(CALLER, repository.id)
    with pytest.raises(RunInProgress):
        change(agent, new)
    agent.client.cancel(CALLER, run.id)
    agent.finished(run)


def test_a_ring_that_is_wrapped_for_another_kit_is_refused(
    agent: RunningAgent, repository: Repository, kit: KeyKit, new: KeyKit
) -> None:
    with pytest.raises(RingOfAnotherKit):
        agent.client.change_kit(CALLER, new, wrap_ring(kit.public_key(), RING))
    assert agent.client.repositories(CALLER).repositories == (repository,)


def test_two_who_change_the_repositories_at_once_are_told(
    agent: RunningAgent, new: KeyKit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("appliance.agent.repositories.WAIT", 0.01)
    here = Repositories(agent.place)
    request = ChangeKit(passphrase=new.borg_passphrase(), kit_number=new.number(), ring="")
    with here._alone(), pytest.raises(RepositoriesBusy):
        here.change_kit(request)


class Interrupted(Borg):
    """Borg that changes the passphrase, and is cut off before it can say so."""

    def change_passphrase(self, passphrase: Secret) -> None:
        super().change_passphrase(passphrase)
        raise BorgFailed(name="?", exit_code=143)


def test_a_change_that_borg_made_but_could_not_report_counts_as_made(
    agent: RunningAgent, repository: Repository, new: KeyKit
) -> None:
    request = ChangeKit(
        passphrase=new.borg_passphrase(),
        kit_number=new.number(),
        ring=wrap_ring(new.public_key(), NEWER).decode(),
    )
    book = Book(agent.place)
    change_kit(book, lambda folder, key: Interrupted(folder, key, agent.place.borg), request)
    (entry,) = book.entries()
    assert (entry.repository.kit_number, entry.next_passphrase) == (new.number(), "")
    assert agent.client.archives(CALLER, repository.id).total == 0


def test_a_repository_that_cannot_be_given_its_kit_back_takes_the_same_new_one_next_time(
    agent: RunningAgent, repository: Repository, kit: KeyKit, new: KeyKit, tmp_path: Path
) -> None:
    other = agent.client.create_repository_for(CALLER, "USB", str(tmp_path / "usb"), kit)
    first, away = Path(repository.folder), tmp_path / "away"

    class Failing(Borg):
        """The second disk fails, and the first one vanishes with it."""

        def change_passphrase(self, passphrase: Secret) -> None:
            if str(self.folder) == other.folder:
                first.rename(away)
                raise BorgFailed(name="?", exit_code=2)
            super().change_passphrase(passphrase)

    request = ChangeKit(
        passphrase=new.borg_passphrase(),
        kit_number=new.number(),
        ring=wrap_ring(new.public_key(), NEWER).decode(),
    )
    book = Book(agent.place)
    with pytest.raises(BorgFailed):
        change_kit(book, lambda folder, key: Failing(folder, key, agent.place.borg), request)
    assert [one.kit_number for one in book.all()] == [new.number(), kit.number()]
    away.rename(first)
    changed = change(agent, new)
    assert {one.kit_number for one in changed} == {new.number()}
    for one in (repository, other):
        assert agent.client.archives(CALLER, one.id).total == 0
