"""Maintenance where systemd is the first process: sshd, agent and recorder in their units (S11)."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from appliance.contract.maintenance.state import Level
from appliance.machine.versions import boot_time
from appliance.maintenance.steps import offered
from tests.integration.systemd.booted import Booted
from tests.running import wait_until

pytestmark = [
    pytest.mark.image,
    pytest.mark.together("debian-13-booted"),
    pytest.mark.timeout(600),
]

DOCUMENT = """\
format = 1
[access]
ssh = ["management"]
[access.lists.management]
networks = ["127.0.0.0/8"]
"""
BOOK = "var/lib/tenshu/data/machine/maintenance"
KEY = "/root/vendor"


@pytest.fixture
def site(machine: Booted) -> Iterator[Booted]:
    """The machine, its SSH open to itself, and the vendor's person with a key."""
    if not (machine.root / "root/vendor.pub").exists():
        machine.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", KEY)
        before = machine.result("ReadConfiguration")["version"]
        wanted = {"document": DOCUMENT, "based_on": before, "seconds": 60}
        version = machine.result("ApplyConfiguration", **wanted, despite_warnings=True)
        machine.result("ConfirmConfiguration", version=version["number"])
    yield machine
    for one in machine.result("ListWindows", state="none")["windows"]:
        machine.result("CloseWindow", window=one["number"])


def open_window(site: Booted, level: Level = Level.look) -> int:
    opened = site.result(
        "OpenWindow", who="山田 太郎", why="ディスクの警告", networks=["127.0.0.1/32"],
        minutes=5, level=level.value, key=(site.root / "root/vendor.pub").read_text(),
    )  # fmt: skip
    (site.root / "root/vendor-cert.pub").write_text(opened["window"]["certificate"] + "\n")
    return int(opened["window"]["number"])


def ssh(*words: str, user: str = "tenshu-look") -> list[str]:
    options = ("BatchMode=yes", "StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null",
               "IdentitiesOnly=yes", "LogLevel=ERROR", "ConnectTimeout=5")  # fmt: skip
    given = [word for one in options for word in ("-o", one)]
    return ["ssh", "-F", "none", "-i", KEY, *given, f"{user}@127.0.0.1", *words]


@contextmanager
def stay(site: Booted, number: int, user: str = "tenshu-look") -> Iterator[subprocess.Popen[bytes]]:
    """Come in and stay."""
    before = len(sessions(site, number))
    person = subprocess.Popen(
        site.command(*ssh("-tt", user=user)),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    with person:
        try:
            wait_until(lambda: len(sessions(site, number)) > before, "somebody is in", 20)
            yield person
        finally:
            person.kill()


def type_in(person: subprocess.Popen[bytes], keys: bytes) -> None:
    assert person.stdin
    person.stdin.write(keys)
    person.stdin.flush()


def sessions(site: Booted, number: int) -> list[dict[str, Any]]:
    return list(site.result("ReadWindow", window=number)["sessions"])


def ending(site: Booted, number: int) -> str:
    return str(site.result("ReadWindow", window=number)["window"]["ended"])


def recorded(site: Booted, number: int) -> str:
    return "".join(
        site.result("ReadRecording", window=number, session=one["id"])["text"]
        for one in sessions(site, number)
    )


def shorten(site: Booted, number: int) -> None:
    """Let its time be over by the boot's clock, which the machine shares with what it runs on."""
    path = site.root / BOOK / f"{number:06d}/clocks.json"
    clocks = json.loads(path.read_bytes())
    beside = path.with_suffix(".new")
    beside.write_text(json.dumps(clocks | {"deadline": boot_time()}))
    beside.replace(path)


def test_every_line_of_the_table_works_in_the_units_and_is_recorded_S11(site: Booted) -> None:
    number = open_window(site)
    for step in offered(Level.look):
        come = site.run(*ssh(step.name))
        if step.name == "time":  # a container has no clock to set: chronyd does not run in it
            assert "506" in come.stdout
            continue
        assert (come.returncode, come.stderr) == (0, ""), (step.name, come)
        assert come.stdout or step.name == "routes", step.name
    assert "tenshu-console" in site.run(*ssh("services")).stdout
    happened = site.result("ListHappenings", limit=50)["happenings"]
    assert {one["command"] for one in happened} >= {one.name for one in offered(Level.look)}
    assert "Filesystem" in recorded(site, number)
    assert all(one["digest"] for one in sessions(site, number))


def test_repair_starts_services_anew_and_its_shell_has_no_rights_S11(site: Booted) -> None:
    number = open_window(site, Level.repair)
    before = site.main_process("tenshu-worker.service")
    come = site.run(*ssh("restart-worker", user="tenshu-repair"))
    assert come.returncode == 0, come
    assert site.main_process("tenshu-worker.service") not in ("0", before)
    with stay(site, number, "tenshu-repair") as person:
        for keys, shown in (
            (b"shell\r", "bash-"),
            (b"id -un; cat /var/lib/tenshu/keys/ring.json; echo d'o'ne\r", "done"),
            (b"exit\r", "exit"),
        ):
            type_in(person, keys)
            wait_until(lambda s=shown: s in recorded(site, number), shown, 20)
        type_in(person, b"exit\r")
        assert person.wait(10) == 0
    told = recorded(site, number)
    assert "tenshu-repair" in told
    assert "Permission denied" in told


def test_a_window_closes_by_the_clock_though_the_agent_was_killed_S11(site: Booted) -> None:
    number = open_window(site)
    with stay(site, number) as person:
        type_in(person, b"memory\r")
        wait_until(lambda: "Swap" in recorded(site, number), "what was shown is recorded", 20)
        site.kill_agent()
        shorten(site, number)
        wait_until(lambda: ending(site, number) == "clock", "the clock closes it", 20)
        assert person.wait(10)
    assert all(one["digest"] for one in sessions(site, number)), "each recording is told whole"
    come = site.run(*ssh("disk"))
    assert come.returncode == 255, "its certificate opens nothing any more"
    left = ("ps", "-u", "tenshu-look", "-o", "pid=")
    wait_until(lambda: site.said(*left) == "", "nothing runs as that user any more", 20)


def test_a_power_cut_closes_a_window_S11(site: Booted) -> None:
    number = open_window(site)
    assert site.run(*ssh("disk")).returncode == 0
    site.cut_power()
    site.boot()
    wait_until(lambda: ending(site, number) == "restart", "it is closed", 20)
    assert site.run(*ssh("disk")).returncode == 255
