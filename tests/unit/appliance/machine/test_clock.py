"""A clock that cannot be right, at the start."""

import os
from pathlib import Path

import pytest

from appliance.contract.faults.state import FaultKind
from appliance.machine import clock
from appliance.machine.clock import Clock, judge, look_at_start, read
from appliance.machine.starting import look_at_clock
from appliance.place import Place

MADE, LATER, YEAR = 1_790_000_000.0, 1_800_000_000.0, 365 * 86_400.0


@pytest.mark.parametrize(
    ("told", "seen", "found"),
    [
        (12.0, 0.0, (FaultKind.clock_unset, MADE)),
        (12.0, LATER, (FaultKind.clock_unset, LATER)),
        (MADE - 1, LATER, (FaultKind.clock_unset, LATER)),
        (LATER, 0.0, None),
        (LATER + YEAR, LATER, None),
        (LATER - 60, LATER, None),
        (LATER - 3600, LATER, (FaultKind.clock_behind, LATER - 3600)),
    ],
)
def test_what_cannot_be_right_is_put_to_the_newest_time_that_is_known_METI_46(told, seen, found):
    assert judge(told, MADE, seen) == found


@pytest.fixture
def put(monkeypatch):
    """What the clock is put to; the real one stays as it is."""
    told = []
    monkeypatch.setattr(clock, "_put", lambda seconds: told.append(seconds) or True)
    return told


def system_of(folder: Path, made: float) -> Path:
    system = folder / "usr"
    system.mkdir(exist_ok=True)
    os.utime(system, (made, made))
    return system


def test_a_clock_without_a_battery_is_put_and_doubted_METI_46(tmp_path, put, monkeypatch):
    monkeypatch.setattr(clock.time, "time", lambda: 12.0)
    clock.keep(tmp_path, Clock(seen=LATER))
    doubt = look_at_start(tmp_path, system_of(tmp_path, MADE))
    assert put == [LATER]
    assert doubt
    assert (doubt.kind, doubt.told, doubt.put) == (FaultKind.clock_unset, 12.0, LATER)
    assert read(tmp_path) == Clock(seen=LATER, doubt=doubt)


def test_one_that_is_right_is_left_and_an_earlier_doubt_forgotten(tmp_path, put, monkeypatch):
    system = system_of(tmp_path, MADE)
    monkeypatch.setattr(clock.time, "time", lambda: 12.0)
    look_at_start(tmp_path, system)
    monkeypatch.setattr(clock.time, "time", lambda: LATER)
    assert look_at_start(tmp_path, system) is None
    assert read(tmp_path).doubt is None
    assert len(put) == 1


def test_where_it_may_not_be_put_it_is_doubted_all_the_same(tmp_path, monkeypatch, caplog):
    def refused(which: int, seconds: float) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(clock.time, "clock_settime", refused)
    monkeypatch.setattr(clock.time, "time", lambda: 12.0)
    doubt = look_at_start(tmp_path, system_of(tmp_path, MADE))
    assert doubt
    assert doubt.put == doubt.told == 12.0
    assert "cannot be put" in caplog.text


def test_a_damaged_file_is_none(tmp_path):
    (tmp_path / "clock.json").write_text("{")
    assert read(tmp_path) == Clock()


def test_a_start_goes_on_where_the_clock_cannot_be_looked_at(tmp_path, monkeypatch, caplog):
    def broken(folder: Path) -> None:
        raise OSError(5, "Input/output error", str(folder))

    monkeypatch.setattr(clock, "look_at_start", broken)
    look_at_clock(Place(data=tmp_path, keys=tmp_path / "k", database_url="sqlite://"))
    assert "the clock cannot be looked at" in caplog.text
