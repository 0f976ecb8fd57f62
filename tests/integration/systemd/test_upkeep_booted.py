"""Work that makes load: systemd does it, without timers of its own, by the document."""

import pytest

from tests.integration.systemd.booted import Booted
from tests.integration.systemd.test_booted import PLACE

pytestmark = [
    pytest.mark.image,
    pytest.mark.together("debian-13-booted"),
    pytest.mark.timeout(600),
]

TIMERS = ("fstrim", "mdcheck_start", "mdcheck_continue", "e2scrub_all")
NIGHT = """
import datetime, threading
from appliance.machine.applying import applying_at
from appliance.place import load_place
from appliance.upkeep.working import Working
place = load_place()
now = datetime.datetime(2026, 11, 30, 19, 30, tzinfo=datetime.UTC)
Working(place, applying_at(place), threading.Event(), lambda: now).look()
"""
"""At half past four in Tokyo."""


LIGHT = ("aidecheck", "logrotate", "systemd-tmpfiles-clean")
"""Hundreds of small files, logs that grew too large, what lies in /tmp: no load to speak of."""


def test_no_timer_makes_load_by_hours_of_its_own_S7(machine: Booted) -> None:
    for name in TIMERS:
        timer = f"{name}.timer"
        assert machine.said("systemctl", "is-enabled", timer) != "enabled", timer
        assert machine.property(timer, "ActiveState") == "inactive", timer
    words = ("list-units", "--type=timer", "--plain", "--no-legend")
    listed = {line.split()[0] for line in machine.said("systemctl", *words).splitlines()}
    others = {one for one in listed if not one.startswith("tenshu-revert@")}
    assert others <= {f"{name}.timer" for name in LIGHT}, "does it make load?"


def test_at_night_the_work_is_begun_and_knows_how_long_it_may_take_S7(machine: Booted) -> None:
    place = (*PLACE, "TENSHU_MACHINE_ROOT=/")
    ended = machine.run("env", *place, "/usr/lib/tenshu/bin/python", "-P", "-c", NIGHT)
    assert ended.returncode == 0, ended.stderr
    assert machine.said("cat", "/run/tenshu-upkeep/mdcheck") == 'MDADM_CHECK_DURATION="30 minutes"'
    files = machine.property("mdcheck_start.service", "EnvironmentFiles")
    assert files.startswith("/run/tenshu-upkeep/mdcheck ")
