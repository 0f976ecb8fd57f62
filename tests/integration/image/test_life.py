"""The disk image starts a machine: from its own disk, by its own firmware, as it is delivered.

Three times from one disk, the power cut each time: then with a flipped bit in the slot where no
start reads it, and last with one where each does.
"""

import contextlib
import http.client
import json
import re
import secrets
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyte
import pytest

from image.artefact import version
from image.disk import Disk
from image.workshop import work
from tests.debian import appliance_disk
from tests.guest.console import PORT as CONSOLE
from tests.guest.console import ask, handed_out
from tests.guest.firmware import firmware
from tests.guest.machine import Guest, cards, guest, needed, nvme
from tests.hosts import Host
from tests.integration.image.test_disk import carve, slot_of
from tests.running import wait_until

pytestmark = [pytest.mark.image, pytest.mark.together("image-disk"), pytest.mark.timeout(600)]

WORKSPACE = 8444
PORTS = (22, 25, 53, 80, 111, 123, 323, 443, 514, 2049, 5432, 8000, 8080, CONSOLE, WORKSPACE, 9443)
UNREAD, OTHER = (f"/usr/share/common-licenses/{name}" for name in ("GPL-3", "GPL-2"))
"""Files that no start reads."""
FIRST_PROGRAM = "/usr/lib/systemd/systemd"
ARMED = "tenshu-{}+3.efi"
START = "/run/start"
KERNELS = f"{START}/EFI/Linux"
KEPT = (
    "/etc/machine-id",
    "/var/lib/tenshu/data/machine/placed.json",
    "/etc/nginx/nginx.conf",
)


@dataclass
class Seen:
    """What was seen of a machine from outside and on its screen."""

    page: str
    fingerprint: str
    screen: str
    ports: dict[int, str]
    kept: dict[str, str]
    unlisted: str
    mounts: str
    written: str
    failed: str
    loader: dict[str, str]
    timer: str
    disks: dict[str, Any]
    """What `tenshu disks show` tells of them."""


@pytest.fixture(scope="module")
def far() -> Iterator[Host]:
    """The far end of the machine's cable."""
    needed()
    host = Host(f"tenshu-{secrets.token_hex(3)}-far")
    try:
        host.run("ip", "tuntap", "add", "tap1", "mode", "tap")
        host.run("ip", "link", "set", "tap1", "up")
        yield host
    finally:
        host.close()


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the disk, which a machine may write on."""
    return copied(appliance_disk(), tmp_path_factory.mktemp("disk"))


def copied(made: Disk, folder: Path) -> Path:
    target = folder / "disk"
    subprocess.run(["cp", "--sparse=always", str(made.raw), str(target)], check=True)
    return target


@contextlib.contextmanager
def machine(disk: Path, far: Host, name: str, boots: int = 1) -> Iterator[Guest]:
    options = [
        *firmware(disk.with_name("variables")),
        *nvme(disk),
        "-m",
        "2048",
        *handed_out(CONSOLE),
    ]
    options += cards(enp0s17="tap1")
    with guest(disk.with_name(name), options, where=far, boots=boots) as found:
        yield found


def look(found: Guest, far: Host) -> Seen:
    """Wait until the console answers, and look at everything."""
    answered: list[tuple[str, str]] = []

    def answers() -> bool:
        with contextlib.suppress(OSError, http.client.HTTPException):
            answered.append(far.call(ask, "/setup"))
        return bool(answered)

    wait_until(answers, "the console answers through the network", 240)
    address = link_local(found)
    return Seen(
        page=answered[0][1],
        fingerprint=answered[0][0],
        screen=screen_of(found),
        ports={port: far.tcp(f"{address}%tap1", port) for port in PORTS},
        kept={path: found.said("sha256sum", path) for path in KEPT},
        unlisted=found.run("cat", "/etc/unlisted").stdout,
        mounts=found.said("findmnt", "--noheadings", "--list", "--output=TARGET,FSTYPE,OPTIONS"),
        written=found.run("touch", "/usr/written").stderr,
        failed=found.said("systemctl", "--failed", "--no-legend", "--plain"),
        loader=loader_of(found),
        timer=found.said("systemctl", "is-active", "tenshu-scrub.timer").strip(),
        disks=json.loads(found.run("tenshu", "--json", "disks", "show", seconds=60).stdout),
    )


def loader_of(found: Guest) -> dict[str, str]:
    """Wait until the slots were looked after; return the loader's kernel images with hashes."""
    ended = ("systemctl", "show", "-pActiveState,Result,ExecMainExitTimestampMonotonic")
    begin = f"mkdir -p {START} && mount -o ro /dev/nvme0n1p1 {START} && cd {KERNELS}"
    listed: list[str] = []

    def is_done() -> bool:
        told = found.said(*ended, "tenshu-slots").splitlines()
        if not is_healthy(found) or not {"ActiveState=inactive", "Result=success"} <= {*told}:
            return False
        if "ExecMainExitTimestampMonotonic=0" in told:
            return False
        found_there = found.run("sh", "-c", f"{begin} && sha256sum *; cd /; umount {START}")
        listed[:] = found_there.stdout.splitlines()
        return bool(listed)

    wait_until(is_done, "there is a copy of the system", 240)
    return {name: digest for digest, name in (line.split() for line in listed)}


def is_healthy(found: Guest) -> bool:
    return found.run("systemctl", "is-active", "boot-complete.target").returncode == 0


def screen_of(found: Guest) -> str:
    """Return what stands on the machine's own screen, as a terminal at its serial line has it."""
    text = ""

    def stands_there() -> bool:
        nonlocal text
        screen = pyte.Screen(80, 24)
        pyte.Stream(screen).feed(found.serial)
        text = "\n".join(screen.display)
        return "Claim code" in text and "SHA-256" in text

    wait_until(stands_there, "the claim code stands on the screen", 120)
    return text


def link_local(found: Guest) -> str:
    """Return the address that the machine has given itself on the cable."""
    told = found.said("ip", "-6", "-oneline", "address", "show", "dev", "enp0s17", "scope", "link")
    return told.split("inet6 ")[1].split("/")[0]


@pytest.fixture(scope="module")
def first(disk: Path, far: Host) -> Seen:
    with machine(disk, far, "first") as found:
        seen = look(found, far)
        found.said("sh", "-c", "echo changed > /etc/unlisted; sync")
        return seen


@dataclass
class Damaged:
    """What was seen after a bit was flipped where no start reads it."""

    seen: Seen
    refused: str
    kernel: str
    read: dict[str, Any]
    """What was told once all slots had been read through."""
    mended: str


@pytest.fixture(scope="module")
def damaged(
    disk: Path, far: Host, first: Seen, tmp_path_factory: pytest.TempPathFactory
) -> Damaged:
    flip(disk, UNREAD, tmp_path_factory.mktemp("flipped"))
    with machine(disk, far, "second") as found:
        refused = found.run("cat", UNREAD).stderr
        kernel = found.said("dmesg")
        found.said("cat", OTHER)
        seen = look(found, far)
        read, mended = read_through(found)
        return Damaged(seen, refused, kernel, read, mended)


def read_through(found: Guest) -> tuple[dict[str, Any], str]:
    """Let all slots be read through; return what is told of that, and what the damaged file has."""
    found.said("systemctl", "start", "tenshu-scrub", seconds=120)
    # asked of systemd, not of the agent: the command would take all that an idle unit gets
    words = ("systemctl", "show", "--value", "-pActiveState", "tenshu-scrub")
    wait_until(lambda: found.said(*words).strip() == "inactive", "all slots are read through", 300)
    shown = found.said("tenshu", "--json", "disks", "show", seconds=180)
    return json.loads(shown)["system"], found.run("cat", UNREAD).stdout


@pytest.fixture(scope="module")
def second(damaged: Damaged) -> Seen:
    return damaged.seen


def test_a_machine_starts_from_the_disk_and_shows_what_claims_it_S9(first: Seen) -> None:
    assert "Claim code" in first.page
    screen = re.sub(r"[^0-9A-F]", "", first.screen.partition("SHA-256")[2].upper())
    assert first.fingerprint in screen, "who compares finds the same fingerprint"
    assert "Claim code" in first.screen
    assert first.failed == ""


def test_from_outside_only_the_promised_ports_answer_F5(first: Seen) -> None:
    found = {port for port, state in first.ports.items() if state != "filtered"}
    assert found <= {443, CONSOLE, WORKSPACE}
    assert first.ports[CONSOLE] == "open"


def test_the_system_cannot_be_written_and_what_the_machine_keeps_lies_apart_V11(
    first: Seen,
) -> None:
    mounts = {line.split()[0]: line.split()[1:] for line in first.mounts.splitlines()}
    kind, options = mounts["/"]
    assert (kind, options.split(",")[0]) == ("erofs", "ro")
    assert mounts["/var"][0] == "ext4"
    assert "Read-only file system" in first.written


def test_after_a_power_cut_it_is_the_same_machine(first: Seen, second: Seen) -> None:
    assert second.fingerprint == first.fingerprint
    assert second.kept == first.kept
    assert "Claim code" in second.page
    assert second.failed == ""
    assert second.unlisted == "", "in /etc only the listed paths are the machine's"


def test_a_flipped_bit_in_the_slot_is_noticed_V11(damaged: Damaged) -> None:
    assert "Input/output error" in damaged.refused
    assert "is corrupted" in damaged.kernel


def test_once_a_month_all_slots_are_read_through_V11(first: Seen) -> None:
    assert first.timer == "active"
    assert first.disks["system"]["reading"] is None, "not at the first start"


def test_what_is_damaged_is_mended_when_it_is_read_through_while_the_machine_runs_from_it_V11(
    damaged: Damaged,
) -> None:
    (one,) = damaged.read["reading"]["damages"]
    assert (one["slot"], one["bad"], one["mended"]) == ("a", 1, 1)
    assert "GNU GENERAL PUBLIC LICENSE" in damaged.mended


def test_the_disk_that_the_machine_started_from_is_known_at_the_first_start_too(
    first: Seen, second: Seen
) -> None:
    for seen in (first, second):
        assert [one["started"] for one in seen.disks["disks"]] == [True]


def test_after_a_good_start_there_is_a_copy_to_fall_back_on_V11(first: Seen, second: Seen) -> None:
    release = version()
    assert set(first.loader) == {ARMED.format(release), ARMED.format(f"{release}-copy")}
    assert len(set(first.loader.values())) == 1, "the same kernel image"
    assert second.loader == first.loader
    told = first.disks["system"]
    assert (told["slot"], told["copy"], told["failed"], told["state"]) == ("a", False, 0, "whole")


def test_a_damaged_system_is_started_from_its_copy_and_mended_V11(
    disk: Path, far: Host, second: Seen, tmp_path: Path
) -> None:
    flip(disk, FIRST_PROGRAM, tmp_path)
    with machine(disk, far, "third", boots=4) as found:
        seen = look(found, far)
        runs = found.said("cat", "/run/tenshu-slot").split()
    data, hashes = slot_of(disk)
    assert runs != [str(data.identifier), str(hashes.identifier)], "that one is damaged"
    assert seen.kept == second.kept
    assert seen.failed == ""
    assert seen.loader == second.loader, "its tries have been given back"
    told = seen.disks["system"]
    assert (told["slot"], told["copy"], told["failed"], told["state"]) == ("b", True, 3, "whole")
    happened = [one["what"] for one in seen.disks["happenings"]]
    assert {"from_copy", "mended"} <= {*happened}
    carve(disk, tmp_path)
    words = ("veritysetup", "verify", "/mnt/slot/data", "/mnt/slot/hashes")
    work(*words, appliance_disk().roothash, brought={"slot": tmp_path}, seconds=120)


def flip(disk: Path, file: str, folder: Path) -> None:
    """Flip one bit of a file in the slot that a machine is delivered with."""
    data, _ = slot_of(disk)
    carve(disk, folder)
    told = work(
        *("dump.erofs", "-e", f"--path={file}", "/mnt/slot/data"),
        brought={"slot": folder},
        seconds=60,
    )
    place = int(told.partition("   0:")[2].split(":")[1].split("..")[0])
    with disk.open("r+b") as raw:
        raw.seek(data.begin + place + 100)
        (was,) = raw.read(1)
        raw.seek(data.begin + place + 100)
        raw.write(bytes([was ^ 1]))
