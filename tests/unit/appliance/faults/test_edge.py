"""An edge that hangs is killed, and only that: not one that starts, and not for one late answer."""

from pathlib import Path

import pytest

from appliance.contract.faults.state import FaultKind
from appliance.faults import edge
from appliance.faults.edge import PAUSE, USUAL, EdgeLook

KILL = ("systemctl", "kill", "--signal=KILL", edge.UNIT)


class Machine:
    """systemd, the process and the time, in a test's hands."""

    def __init__(self, processes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now, self.answers, self.state, self.main = 1000.0, True, "S", 77
        self.unit = "active\nrunning"
        self.asked: list[tuple[str, ...]] = []
        self._processes = processes
        monkeypatch.setattr(edge, "edge_generation", lambda run: 4 if self.answers else -1)
        self.edge = EdgeLook(processes, self.told, processes, lambda: self.now)

    def told(self, *words: str) -> str:
        self.asked.append(words)
        return f"{self.main}\n{self.unit}" if "show" in words else ""

    def look_for(self, seconds: float) -> list[str]:
        """Look as often as the agent does; return what hung."""
        folder = self._processes / str(self.main)
        folder.mkdir(exist_ok=True)
        (folder / "stat").write_text(f"{self.main} (nginx) {self.state} 1 77 77")
        found = []
        for _ in range(int(seconds / PAUSE)):
            self.now += PAUSE
            if fault := self.edge.look():
                assert fault.kind is FaultKind.edge_hung
                found.append(fault.subject)
        return found


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(tmp_path, monkeypatch)


def test_one_that_serves_is_left_alone_S7(machine: Machine) -> None:
    assert machine.look_for(10 * USUAL) == []
    assert KILL not in machine.asked


def test_those_that_serve_and_hang_are_killed_once_S7(machine: Machine) -> None:
    machine.look_for(USUAL)
    machine.answers = False
    assert machine.look_for(USUAL + 2 * PAUSE) == ["those that serve"]
    assert machine.asked.count(KILL) == 1


def test_a_first_process_that_is_frozen_is_killed_though_the_others_serve_S7(
    machine: Machine,
) -> None:
    machine.look_for(USUAL)
    machine.state = "T"
    assert machine.look_for(USUAL + 2 * PAUSE) == ["the first process"]


def test_an_answer_in_between_is_enough_on_a_starved_machine_S7(machine: Machine) -> None:
    for answers in (False, True) * 6:
        machine.answers = answers
        assert machine.look_for(USUAL - PAUSE if not answers else PAUSE) == []


@pytest.mark.parametrize("unit", ["inactive\ndead", "deactivating\nstop-sigterm", "failed\nfailed"])
def test_what_does_not_run_hangs_not_S7(machine: Machine, unit: str) -> None:
    machine.unit, machine.answers = unit, False
    assert machine.look_for(3 * USUAL) == []


def test_one_that_was_started_anew_gets_all_its_time_S7(machine: Machine) -> None:
    machine.answers = False
    machine.look_for(USUAL - PAUSE)
    machine.main = 78
    assert machine.look_for(USUAL - PAUSE) == []
    machine.now += PAUSE / 2
    assert machine.edge.look() is None, "nobody is asked more often than that"


def test_a_process_that_has_gone_meanwhile_hangs_not_S7(machine: Machine, tmp_path: Path) -> None:
    machine.answers = False
    machine.look_for(PAUSE)
    (tmp_path / "77/stat").unlink()
    machine.now += 2 * USUAL
    assert machine.edge.look() is None
