"""What is due is begun once in its night, by systemd, and told how long it may take."""

import datetime as dt
import json
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest

from appliance.contract.configuration.document import Document
from appliance.contract.configuration.errors import ProgramRefused
from appliance.place import Place
from appliance.upkeep import working
from appliance.upkeep.working import Working

MIDNIGHT = dt.datetime(2026, 11, 30, 16, tzinfo=dt.UTC)
"""One o'clock in Tokyo."""


class Machine:
    """An agent's upkeep, its clock and systemd in a test's hands."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.place = Place(data=folder, keys=folder / "keys", database_url="sqlite://")
        self.place.machine.mkdir()
        (folder / "machine-id").write_text("0" * 32 + "\n")
        self.now, self.begun, self.told = MIDNIGHT, [], folder / "told"
        self.stop = threading.Event()
        applying = SimpleNamespace(
            versions=SimpleNamespace(current=lambda: 1), document=lambda number: Document()
        )
        monkeypatch.setattr(working, "ask", lambda *words: self.begun.append(words[-1]))
        self.working = Working(self.place, applying, self.stop, lambda: self.now)  # type: ignore[arg-type]

    def look(self) -> list[str]:
        self.begun = []
        self.working.look(self.told, self.place.data / "machine-id")
        return self.begun


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(tmp_path, monkeypatch)


def test_what_is_due_begins_once_and_may_take_until_the_end_of_the_night_S7(machine):
    machine.now = MIDNIGHT + dt.timedelta(hours=2, minutes=30)
    assert machine.look() == ["fstrim.service", "mdcheck_start.service"]
    assert machine.told.read_text() == 'MDADM_CHECK_DURATION="90 minutes"\n'
    assert machine.told.stat().st_mode & 0o777 == 0o644
    assert machine.look() == []
    machine.now = MIDNIGHT + dt.timedelta(hours=12)
    assert machine.look() == [], "by day it rests"
    machine.now = MIDNIGHT + dt.timedelta(days=1, hours=3)
    assert machine.look() == ["mdcheck_continue.service", "tenshu-scrub.service"]
    assert set(json.loads((machine.place.machine / "upkeep.json").read_text())) == {
        "fstrim.service", "mdcheck_start.service", "mdcheck_continue.service",
        "tenshu-scrub.service",
    }  # fmt: skip


def test_a_damaged_note_lets_it_be_done_again_S7(machine):
    (machine.place.machine / "upkeep.json").write_text("[")
    machine.now = MIDNIGHT + dt.timedelta(hours=3)
    assert "fstrim.service" in machine.look()


def test_what_cannot_be_begun_is_logged_and_tried_again(machine, monkeypatch, caplog):
    def refuse() -> None:
        machine.stop.set()
        raise ProgramRefused(program="systemctl", said="no")

    monkeypatch.setattr(working.units, "are_ours", lambda place: True)
    monkeypatch.setattr(working, "PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(machine.working, "look", refuse)
    machine.working.run()
    assert "the night's work cannot be begun; trying again" in caplog.text
