"""A restored appliance knows which repositories it had, and connects them in one step."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.backup.restore import restore
from appliance.contract.actions import Repository
from appliance.contract.backup_errors import (
    RepositoryGone,
    RepositoryNameTaken,
    RepositoryReplaced,
    RepositoryUnknown,
    WrongKit,
)
from appliance.contract.kit import KeyKit
from appliance.contract.repository_errors import RepositoryNotConnected
from appliance.contract.runs import State
from appliance.place import Place
from tests.integration.appliance.conftest import CALLER, Kept, RunningAgent


@pytest.fixture
def kept_copy(kept: Kept, tmp_path: Path) -> Path:
    """The shared repository, to be changed by this test."""
    return Path(shutil.copytree(kept.repository, tmp_path / "repository"))


@pytest.fixture
def restored(kept_copy: Path, kit: KeyKit, tmp_path: Path) -> Iterator[RunningAgent]:
    """The agent of an appliance that has just been restored."""
    data = tmp_path / "again"
    place = Place(
        data=data, keys=tmp_path / "keys", database_url=f"sqlite:///{data / 'tenshu.sqlite'}"
    )
    restore(kept_copy, kit, place.data, place.keys)
    running = RunningAgent(place)
    running.start()
    yield running
    running.end()


def known(agent: RunningAgent) -> Repository:
    (one,) = agent.client.repositories(CALLER).repositories
    assert not one.connected
    return one


def connect(agent: RunningAgent, one: Repository, folder: str, kit: KeyKit) -> Repository:
    return agent.client.connect_repository(
        CALLER, one.id, folder, kit.borg_passphrase(), kit.number()
    )


def test_a_restored_appliance_knows_its_repository_and_goes_on_with_it_once_it_is_connected(
    restored: RunningAgent, kept: Kept, kept_copy: Path, kit: KeyKit, tmp_path: Path
) -> None:
    one = known(restored)
    assert (one.name, one.folder) == ("NAS", str(kept.repository))
    assert kit.borg_passphrase().reveal() not in restored.place.known_repositories.read_text()
    for ask in (
        lambda: restored.client.archives(CALLER, one.id),
        lambda: restored.client.run_backup(CALLER, one.id),
        lambda: restored.client.delete_repository(CALLER, one.id),
    ):
        with pytest.raises(RepositoryNotConnected, match="NAS"):
            ask()

    with pytest.raises(WrongKit):
        connect(restored, one, str(kept_copy), KeyKit.new())
    (tmp_path / "empty").mkdir()
    with pytest.raises(RepositoryGone):
        connect(restored, one, str(tmp_path / "empty"), kit)
    assert known(restored) == one

    connected = connect(restored, one, str(kept_copy), kit)

    assert (connected.id, connected.borg_id) == (one.id, one.borg_id)
    assert (connected.folder, connected.connected) == (str(kept_copy), True)
    assert restored.client.repositories(CALLER).repositories == (connected,)
    with pytest.raises(RepositoryUnknown):
        connect(restored, one, str(kept_copy), kit)
    ended = restored.finished(restored.client.run_backup(CALLER, one.id))
    assert ended.state is State.done, ended.error
    assert restored.client.archives(CALLER, one.id).total == 2


def test_another_repository_than_the_known_one_is_not_taken_for_it(
    restored: RunningAgent, kit: KeyKit, tmp_path: Path
) -> None:
    one = known(restored)
    other = restored.client.create_repository_for(CALLER, "USB", str(tmp_path / "usb"), kit)
    restored.client.forget_repository(CALLER, other.id)
    with pytest.raises(RepositoryReplaced):
        connect(restored, one, other.folder, kit)
    restored.client.create_repository_for(CALLER, "NAS", str(tmp_path / "nas"), kit)
    with pytest.raises(RepositoryNameTaken):
        connect(restored, one, other.folder, kit)


def test_a_known_repository_can_be_forgotten_or_taken_up_like_any_other(
    restored: RunningAgent, kept_copy: Path, kit: KeyKit
) -> None:
    one = known(restored)
    assert restored.client.forget_repository(CALLER, one.id) == one
    assert restored.client.repositories(CALLER).repositories == ()
    taken = restored.client.create_repository_for(CALLER, "NAS", str(kept_copy), kit)
    assert taken.borg_id == one.borg_id
