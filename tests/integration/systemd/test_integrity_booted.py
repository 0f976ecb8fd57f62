"""What lies in /etc is compared with what the image brought, by AIDE; cron has nothing to do."""

import re
from collections.abc import Iterator

import pytest

from image.paths import ANSIBLE, ROOT
from tests.integration.systemd.booted import Booted
from tests.running import wait_until

pytestmark = [
    pytest.mark.image,
    pytest.mark.together("debian-13-booted"),
    pytest.mark.timeout(300),
]

PLANTED = "/etc/cron.d/planted"
OWN = ROOT / "image/initrd/usr/lib/tenshu/etc"
CONFIGURED = ANSIBLE / "roles/integrity/files/aide.conf"


def found(machine: Booted) -> list[str]:
    """Let it look once more, and return the paths that differ."""
    cursor = machine.said("journalctl", "--quiet", "--show-cursor", "-n0").split("cursor: ")[-1]
    machine.said("systemctl", "restart", "aidecheck.service")
    wait_until(
        lambda: machine.property("aidecheck.service", "ActiveState") == "inactive", "it ends", 30
    )
    assert machine.property("aidecheck.service", "Result") == "success"
    words = ("--unit=aidecheck.service", "--output=cat", f"--after-cursor={cursor}")
    told = machine.said("journalctl", "--quiet", *words)
    return re.findall(r"^[a-z].{17,18}: (/\S+)$", told, re.MULTILINE)


@pytest.fixture
def planted(machine: Booted) -> Iterator[None]:
    machine.said("sh", "-c", f"echo '* * * * * root touch /run/ran' > {PLANTED}")
    yield
    machine.said("rm", "-f", PLANTED, "/etc/tenshu/planted")


def test_a_file_that_somebody_put_into_etc_is_told_and_the_machines_own_is_not_V11(
    machine: Booted, planted: None
) -> None:
    oldest = ("--unit=aidecheck.service", "--output=cat", "--lines=+5")
    assert "differences" not in machine.said("journalctl", "--quiet", *oldest), "at its start"
    machine.said("touch", "/etc/tenshu/planted")
    told = found(machine)
    assert PLANTED in told
    assert not [one for one in told if one.startswith(("/etc/tenshu", "/etc/ssh", "/etc/chrony"))]


def test_what_is_the_machines_own_is_what_the_start_leaves_to_it() -> None:
    (listed,) = re.findall(r"^!/etc/\((.*)\)\(/\|\$\)$", CONFIGURED.read_text(), re.MULTILINE)
    assert listed.replace("\\", "").split("|") == OWN.read_text().split()


def test_cron_runs_without_a_job_and_what_became_one_could_do_nothing_V11(
    machine: Booted,
) -> None:
    assert machine.property("cron.service", "ActiveState") == "active"
    assert machine.property("cron.service", "CapabilityBoundingSet").split() == [
        "cap_setgid",
        "cap_setuid",
    ]
    listed = machine.said("sh", "-c", "find /etc/cron.*/ /var/spool/cron -type f; cat /etc/crontab")
    assert [line for line in listed.splitlines() if not line.startswith("#")] == []
