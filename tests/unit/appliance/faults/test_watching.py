"""The agent's look after faults: what is free again is taken again, and trouble ends no look."""

import threading
from pathlib import Path

import pytest

from appliance.contract.configuration.errors import ProgramRefused
from appliance.contract.faults.state import FaultKind, MachineFault
from appliance.faults import watching
from appliance.faults.keeping import Kept
from appliance.faults.watching import Watching
from appliance.place import Place

TAKEN = MachineFault(kind=FaultKind.address_taken, subject="192.0.2.10", other="52:54:00:00:00:01")


@pytest.fixture
def place(tmp_path: Path) -> Place:
    (tmp_path / "machine").mkdir()
    return Place(data=tmp_path, keys=tmp_path / "keys", database_url="sqlite://")


@pytest.fixture
def asked(monkeypatch):
    found = []
    monkeypatch.setattr(watching.units, "are_ours", lambda place: True)
    monkeypatch.setattr(watching, "wanted", lambda: {"one": {"192.0.2.10"}, "two": set()})
    monkeypatch.setattr(watching, "ask", lambda *words: found.append(words))
    monkeypatch.setattr(watching.EdgeLook, "look", lambda self: None)
    return found


def test_an_address_that_is_free_again_is_taken_again_unless_it_is_there_S4(
    place, asked, monkeypatch
):
    look = Watching(place, threading.Event()).look
    for taken, here in (([TAKEN], False), ([], False), ([TAKEN], False), ([], True)):
        monkeypatch.setattr(watching, "address_faults", lambda taken=taken: taken)
        monkeypatch.setattr(watching, "is_here", lambda address, here=here: here)
        look()
    assert asked == [("networkctl", "reconfigure", "one")], "once: the second time it was there"
    assert not Kept(place.machine).faults().standing


def test_while_nobody_has_looked_what_was_known_stays_S4(place, asked, monkeypatch):
    look = Watching(place, threading.Event()).look
    for taken in ([TAKEN], None):
        monkeypatch.setattr(watching, "address_faults", lambda taken=taken: taken)
        look()
    (found,) = Kept(place.machine).faults().standing
    assert found.kind is FaultKind.address_taken
    assert not asked


def test_what_cannot_be_told_is_logged_and_looked_for_again(place, asked, monkeypatch, caplog):
    stop = threading.Event()

    def refuse(self) -> None:
        stop.set()
        raise ProgramRefused(program="systemctl", said="no")

    monkeypatch.setattr(watching.Watching, "look", refuse)
    Watching(place, stop).run()
    assert "faults cannot be looked for; trying again" in caplog.text
