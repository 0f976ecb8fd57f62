"""The edge reads its revocation list anew when there is another one (F3)."""

import threading
from pathlib import Path
from types import SimpleNamespace

import pytest

from appliance.contract.configuration.errors import ProgramRefused
from appliance.machine import revocation
from appliance.machine.facts import REVOKED
from appliance.machine.plan.desired import Concern
from appliance.machine.revocation import Revocations
from appliance.machine.versions import Versions
from tests.running import wait_until


class Machine:
    """What is applied on a machine; its edge notes what it is told."""

    def __init__(self, folder: Path) -> None:
        self.versions = Versions(folder / "machine")
        self.versions.folder.mkdir()
        self.where = SimpleNamespace()
        self.edge = (Concern.EDGE,)
        self.told: list[int] = []
        self.refuses = False

    def concerns(self) -> tuple[Concern, ...]:
        return self.edge

    def take_effect(self, _where: object, version: int) -> None:
        if self.refuses:
            raise ProgramRefused(program="nginx", said="no")
        self.told.append(version)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    made = Machine(tmp_path)
    handling = {Concern.EDGE: SimpleNamespace(take_effect=made.take_effect)}
    monkeypatch.setattr(revocation, "HANDLING", handling)
    monkeypatch.setattr(revocation, "applying_at", lambda _: made)
    return made


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "clients").mkdir()
    return tmp_path / "clients" / REVOKED


def looking(path: Path) -> Revocations:
    return Revocations(SimpleNamespace(data=path.parents[1]), threading.Event())


def test_another_list_is_read_once_F3(path: Path, machine: Machine) -> None:
    watch = looking(path)
    assert not watch.look(machine)
    path.write_text("one")
    assert watch.look(machine)
    assert not watch.look(machine)
    assert machine.told == [0]


def test_a_machine_without_an_edge_has_nobody_to_tell_F3(path: Path, machine: Machine) -> None:
    watch = looking(path)
    machine.edge = ()
    path.write_text("one")
    assert not watch.look(machine)


def test_an_edge_that_refuses_is_told_again_F3(path: Path, machine: Machine) -> None:
    watch = looking(path)
    machine.refuses = True
    path.write_text("one")
    assert not watch.look(machine)
    machine.refuses = False
    assert watch.look(machine)


def test_it_looks_by_itself_until_it_is_stopped_F3(
    path: Path, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(revocation, "LOOKS", 0.01)
    stop = threading.Event()
    watch = Revocations(SimpleNamespace(data=path.parents[1]), stop)
    watch.start()
    path.write_text("one")
    wait_until(lambda: machine.told, "the edge is told", 5)
    stop.set()
    watch.join(5)
    assert not watch.is_alive()
