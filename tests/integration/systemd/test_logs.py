"""Logs of the machine: each is kept for a stated time, and none grows without an end (S9)."""

import re
from pathlib import PurePosixPath

import pytest

from app.start.programs import LOG_BYTES, LOGS_KEPT
from tests.integration.systemd.booted import Booted

pytestmark = [
    pytest.mark.image,
    pytest.mark.together("debian-13-booted"),
    pytest.mark.timeout(300),
]

DAYS = 90
"""As docs/security/logging.md says."""
LOGS = ("/var/log", "/var/lib/tenshu/data/logs")
JOURNAL = re.compile(r"/var/log/journal/.*")
OURS = re.compile(r"/var/lib/tenshu/data/logs/\w+\.log(\.\d)?")
"""The supervisor turns them over, where it runs."""
TURNED = re.compile(r"\.\d+(\.gz)?$")
"""What logrotate, which looks each hour, calls a log that it has turned over."""
FIXED = {"/var/log/lastlog": "a record for each user, written over", "/var/log/README": "a link"}


def rules(machine: Booted) -> dict[str, str]:
    """Return the rules of logrotate by pattern."""
    found = {}
    for file in machine.said("sh", "-c", "ls /etc/logrotate.d/*").split():
        text = re.sub(r"#.*", "", machine.said("cat", file))
        for head, body in re.findall(r"([^{}]+)\{([^}]*)\}", text):
            found |= dict.fromkeys(head.split(), body)
    return found


def test_every_log_has_somebody_who_ends_it_S9(machine: Booted) -> None:
    machine.run("logger", "--id", "somebody says something")
    patterns = rules(machine)
    for path in machine.said("find", *LOGS, "-type", "f", "-o", "-type", "l").splitlines():
        bounded = (
            path in FIXED
            or JOURNAL.fullmatch(path)
            or OURS.fullmatch(path)
            or any(PurePosixPath(TURNED.sub("", path)).match(pattern) for pattern in patterns)
        )
        assert bounded, f"{path} grows, and nobody ends it"


def test_each_rule_says_how_long_and_how_large_S9(machine: Booted) -> None:
    for pattern, body in rules(machine).items():
        (age,) = re.findall(r"^\s*maxage (\d+)$", body, re.MULTILINE)
        (size,) = re.findall(r"^\s*maxsize (\d+)M$", body, re.MULTILINE)
        (kept,) = re.findall(r"^\s*rotate (\d+)$", body, re.MULTILINE)
        assert int(age) == DAYS, pattern
        assert int(size) <= 100, pattern
        turned = 1 if re.search(r"^\s*daily$", body, re.MULTILINE) else 30
        assert int(kept) * turned >= DAYS, f"{pattern}: gone before {DAYS} days"


def test_the_rules_are_looked_at_each_hour_and_logrotate_takes_them_S9(machine: Booted) -> None:
    assert machine.property("logrotate.timer", "ActiveState") == "active"
    assert "OnCalendar=*-*-* *:00:00" in machine.property("logrotate.timer", "TimersCalendar")
    tried = machine.run("logrotate", "--debug", "/etc/logrotate.conf")
    assert tried.returncode == 0, tried.stderr
    assert "error:" not in tried.stderr


def test_the_journal_keeps_a_stated_time_and_a_stated_part_of_the_disk_S9(machine: Booted) -> None:
    told = machine.said("systemd-analyze", "cat-config", "systemd/journald.conf")
    in_force = dict(re.findall(r"^(\w+)=(.*)$", told, re.MULTILINE))
    assert in_force["MaxRetentionSec"] == f"{DAYS}day"
    assert (in_force["SystemMaxUse"], in_force["SystemKeepFree"]) == ("1G", "512M")
    assert in_force["Storage"] == "persistent"
    told = machine.said("journalctl", "--unit=systemd-journald", "--output=cat", "--no-pager")
    (most,) = set(re.findall(r"System Journal .* max ([\d.]+[MG])", told))
    assert most in ("1G", "1.0G"), told


def test_our_own_logs_end_too_S9() -> None:
    assert (LOGS_KEPT + 1) * LOG_BYTES <= 60 << 20
