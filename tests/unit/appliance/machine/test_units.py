"""The timer in the guard's place: what systemd is told. How it obeys, a booted Debian shows."""

from pathlib import Path

import pytest

from appliance.contract.configuration.errors import ApplyFailed, ProgramRefused
from appliance.machine import standing_by, units
from appliance.machine.standing_by import guarded, stand_by
from appliance.machine.units import is_missing
from appliance.machine.versions import Armed, Versions, boot_identifier, boot_time
from appliance.place import Place

Words = tuple[str, ...]


class Systemd:
    """What was asked, and which units are active."""

    def __init__(self) -> None:
        self.asked: list[Words] = []
        self.active: set[str] = set()
        self.refuses = False

    def __call__(self, program: str, *words: str) -> str:
        self.asked.append((program, *words))
        if self.refuses or (words[0] == "is-active" and words[-1] not in self.active):
            raise ProgramRefused(program=program, said="no")
        return ""


@pytest.fixture
def systemd(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Systemd:
    found = Systemd()
    monkeypatch.setattr(units, "ask", found)
    monkeypatch.setattr(units, "SYSTEMD", tmp_path)
    return found


@pytest.fixture
def place(tmp_path: Path) -> Place:
    data = tmp_path / "data"
    (data / "machine").mkdir(parents=True)
    return Place(data=data, keys=tmp_path / "keys", database_url="", machine_root=Path("/"))


def armed(deadline: float | None = None) -> Armed:
    return Armed(
        version=12, before=11, account="a", seconds=60, boot=boot_identifier(), deadline=deadline
    )


def test_a_timer_is_armed_before_anything_is_changed_F6(systemd: Systemd, place: Place) -> None:
    with guarded(place, 12, 60) as timer:
        assert systemd.asked == [], "what is made ready may still be refused"
        timer.stands()
    assert systemd.asked == [
        (
            *("systemd-run", "--quiet", "--timer-property=AccuracySec=100ms"),
            *("--unit=tenshu-revert@12.service", "--on-active=60s"),
        )
    ]


def test_without_a_timer_nothing_is_changed_F6(systemd: Systemd, place: Place) -> None:
    systemd.refuses = True
    with guarded(place, 12, 60) as timer, pytest.raises(ApplyFailed, match="not armed"):
        timer.stands()


def test_what_a_killed_agent_has_left_is_looked_after_at_once_F6(
    systemd: Systemd, place: Place
) -> None:
    stand_by(place)
    assert systemd.asked == [], "nothing is armed"
    Versions(place.machine).arm(armed())
    stand_by(place)
    assert systemd.asked == [("systemctl", "start", "--no-block", "tenshu-revert@12.service")]
    systemd.refuses = True
    with pytest.raises(ApplyFailed, match="does not start"):
        stand_by(place)


@pytest.mark.parametrize(
    ("active", "left", "missing"),
    [
        ({"tenshu-revert@12.timer"}, 30, False),
        ({"tenshu-revert@12.timer"}, None, False),
        ({"tenshu-revert@12.service"}, -5, False),
        ({"tenshu-revert@12.timer"}, -5, True),  # it slept with the machine
        ({"tenshu-revert@11.timer"}, 30, True),
        (set(), 30, True),
    ],
)
def test_it_is_seen_where_nobody_stands_by(
    systemd: Systemd, active: set[str], left: float | None, missing: bool
) -> None:
    systemd.active = active
    assert is_missing(armed(None if left is None else boot_time() + left)) is missing


def test_the_relief_sends_the_guards_unit(systemd: Systemd, place: Place) -> None:
    Versions(place.machine).arm(armed(boot_time() + 30))
    relief = standing_by.Relief(place, stop=Twice())
    relief.run()
    assert ("systemctl", "start", "--no-block", "tenshu-revert@12.service") in systemd.asked


class Twice:
    """Says the second time that it is over."""

    asked = 0

    def wait(self, _seconds: float) -> bool:
        self.asked += 1
        return self.asked > 1
