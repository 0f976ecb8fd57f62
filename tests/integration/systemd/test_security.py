"""`systemd-analyze security` and `verify` of systemd 257, over every unit, in a Debian 13."""

import re
from pathlib import Path

import pytest

from tests.debian import inside
from tests.units import CEILINGS, OURS, instance

# making the Debian takes a minute, once a machine
pytestmark = [pytest.mark.image, pytest.mark.together("debian-13")]


def _security(root: Path, unit: str, limit: float) -> tuple[bool, str]:
    command = ["systemd-analyze", "security", "--offline=true", "--no-pager"]
    told = inside(root, *command, f"--threshold={round(limit * 10)}", unit)
    assert "Overall exposure level" in told.stdout, told.stderr
    return told.returncode == 0, told.stdout


def test_every_unit_is_as_closed_as_its_ceiling_says_F6(debian):
    told = inside(debian, "systemd-analyze", "--version").stdout
    assert re.match(r"systemd 25[7-9]|systemd 2[6-9]\d", told), told
    for unit, ceiling in CEILINGS.items():
        closed, why = _security(debian, instance(unit), ceiling.held)
        assert closed, why


def test_no_ceiling_is_higher_than_it_has_to_be(debian):
    better = [
        f"{unit} is better than {ceiling.held}"
        for unit, ceiling in CEILINGS.items()
        if _security(debian, instance(unit), ceiling.held - 0.1)[0]
    ]
    assert not better, "lower their ceilings"


def test_a_unit_without_our_sandbox_would_be_found(debian):
    plain = debian / "usr/lib/systemd/system/plain.service"
    plain.write_text("[Service]\nExecStart=/usr/bin/true\n")
    closed, told = _security(debian, "plain.service", 3.5)
    assert not closed
    assert "UNSAFE" in told


def test_systemd_finds_nothing_wrong_with_the_units(debian):
    inside(debian, "systemd-sysusers")
    ours = [instance(unit) for unit in OURS]
    told = inside(debian, "systemd-analyze", "verify", "--man=no", *ours, "tenshu.target")
    assert (told.returncode, told.stdout + told.stderr) == (0, "")
    wrong = debian / "usr/lib/systemd/system/wrong.service"
    wrong.write_text("[Service]\nExecStart=/usr/bin/true\nProtectSytem=strict\n")
    assert "ProtectSytem" in inside(debian, "systemd-analyze", "verify", "wrong.service").stderr
