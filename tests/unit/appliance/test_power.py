"""The machine's power: only where the machine is the appliance's own, and after a moment."""

from pathlib import Path

import pytest

from appliance.agent import power
from appliance.agent.power import SECONDS, Power
from appliance.contract.actions import Caller, Nothing
from appliance.contract.configuration.errors import MachineNotOwned, ProgramRefused
from appliance.contract.power import NothingToReset
from appliance.place import Place

CALLER = Caller(account="x")


@pytest.fixture
def actions(tmp_path: Path):
    place = Place(data=tmp_path / "data", keys=tmp_path / "keys", database_url="sqlite://")
    return Power(place).by_name


@pytest.mark.parametrize("action", ["Restart", "PowerOff", "FactoryReset"])
def test_a_guest_on_a_machine_does_not_switch_it_off(actions, action):
    with pytest.raises(MachineNotOwned):
        actions[action](CALLER, Nothing())


@pytest.mark.parametrize(("action", "word"), [("Restart", "reboot"), ("PowerOff", "poweroff")])
def test_it_goes_down_in_a_moment_so_that_the_history_is_written_first(
    actions, action, word, monkeypatch
):
    told = []
    monkeypatch.setattr(power.units, "are_ours", lambda place: True)
    monkeypatch.setattr(power, "ask", lambda *words: told.append(words))
    assert actions[action](CALLER, Nothing()).seconds == SECONDS
    assert told == [
        ("systemd-run", "--quiet", "--on-active=3s", "--timer-property=AccuracySec=100ms",
         "systemctl", word),
    ]  # fmt: skip


def test_where_systemd_refuses_it_is_said(actions, monkeypatch):
    def refuse(*words):
        raise ProgramRefused(program=words[0], said="no")

    monkeypatch.setattr(power.units, "are_ours", lambda place: True)
    monkeypatch.setattr(power, "ask", refuse)
    with pytest.raises(ProgramRefused, match="systemd-run"):
        actions["Restart"](CALLER, Nothing())


def test_what_the_machine_keeps_is_given_up_before_it_restarts_METI13(actions, monkeypatch):
    told = []
    monkeypatch.setattr(power.units, "are_ours", lambda place: True)
    monkeypatch.setattr(power, "ask", lambda *words: told.append(words[-2:]))
    monkeypatch.setattr(power, "is_there", lambda: True)
    assert actions["FactoryReset"](CALLER, Nothing()).seconds == SECONDS
    assert told == [("start", "tenshu-forget.service"), ("systemctl", "reboot")]


def test_a_machine_that_cannot_give_up_what_it_keeps_does_not_restart(actions, monkeypatch):
    told = []

    def refuse(*words):
        told.append(words[0])
        raise ProgramRefused(program=words[0], said="Job for tenshu-forget.service failed")

    monkeypatch.setattr(power.units, "are_ours", lambda place: True)
    monkeypatch.setattr(power, "ask", refuse)
    monkeypatch.setattr(power, "is_there", lambda: True)
    with pytest.raises(ProgramRefused, match=r"tenshu-forget\.service failed"):
        actions["FactoryReset"](CALLER, Nothing())
    assert told == ["systemctl"]


def test_a_machine_without_a_volume_of_its_own_says_where_its_data_is_removed(actions, monkeypatch):
    told = []
    monkeypatch.setattr(power.units, "are_ours", lambda place: True)
    monkeypatch.setattr(power, "ask", lambda *words: told.append(words))
    monkeypatch.setattr(power, "is_there", lambda: False)
    with pytest.raises(NothingToReset):
        actions["FactoryReset"](CALLER, Nothing())
    assert told == []
