"""Any one disk may die while the machine runs, the one it started from too (S1).

One machine, followed through its life: a first start beside an empty disk, the boot disk pulled
under load, a power cut, a start from the other disk alone, a new disk taken in, the other pulled.
"""

import contextlib
import json
import os
import secrets
import struct
import subprocess
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.debian import appliance_disk
from tests.guest.firmware import firmware
from tests.guest.machine import Guest, guest
from tests.integration.image.test_disk import table
from tests.integration.image.test_starting import copied
from tests.running import wait_until

pytestmark = [
    pytest.mark.image,
    pytest.mark.slow,
    pytest.mark.together("two-disks"),
    pytest.mark.timeout(1200),
]

GIGABYTE = 1 << 30
SIZE = 8 * GIGABYTE
FILE = "/var/lib/acknowledged"
BEFORE, AFTER = 15, 25
"""Acknowledged writes before a disk is pulled, and after."""
SUPERBLOCK = 4096
"""Where md writes its record in a member (metadata 1.2)."""
UUID = slice(16, 32)
CHECKSUM = slice(216, 220)


def option(disk: Path) -> list[str]:
    """Return the options of a disk that can be pulled; its name is its serial number too."""
    drive = f"file={disk},format=raw,if=none,id=drive-{disk.name}"
    device = f"scsi-hd,drive=drive-{disk.name},id={disk.name},bus=scsi0.0,serial={disk.name}"
    return ["-drive", drive, "-device", device]


@contextlib.contextmanager
def machine(folder: Path, *disks: Path) -> Iterator[Guest]:
    options = [*firmware(folder / "variables"), "-m", "2048", "-device", "virtio-scsi-pci,id=scsi0"]
    for disk in disks:
        options += option(disk)
    with guest(folder / f"run-{secrets.token_hex(3)}", options) as found:
        wait_until(lambda: listed(found), "the agent tells of the disks", 240)
        # nothing else is to be done: the mirrors are filled as fast as the emulator can
        found.said("sh", "-c", "echo 400000 > /proc/sys/dev/raid/speed_limit_min")
        yield found


def listed(found: Guest) -> dict[str, Any] | None:
    """Return what the command tells of the disks; nothing while nobody answers."""
    told = found.run("tenshu", "--json", "disks", "show", seconds=60)
    if told.returncode:
        return None
    answer: dict[str, Any] = json.loads(told.stdout)
    return answer


def standing(found: Guest) -> str:
    told = listed(found)
    return str(told["standing"]) if told else ""


def plug(found: Guest, disk: Path) -> None:
    """Put a disk in, as a hand does."""
    file = {"driver": "file", "filename": str(disk)}
    found.ask_monitor("blockdev-add", **{"node-name": disk.name, "driver": "raw", "file": file})
    device = {"driver": "scsi-hd", "id": disk.name, "bus": "scsi0.0", "serial": disk.name}
    found.ask_monitor("device_add", **device, drive=disk.name)

    def is_seen() -> bool:
        told = listed(found)
        return told is not None and disk.name in [one["serial"] for one in told["disks"]]

    wait_until(is_seen, f"the disk {disk.name} is seen", 60)


def role(found: Guest, disk: Path) -> str:
    told = listed(found)
    assert told
    return next(str(one["role"]) for one in told["disks"] if one["serial"] == disk.name)


def empty(folder: Path, name: str, size: int = SIZE) -> Path:
    disk = folder / name
    with disk.open("wb") as file:
        file.truncate(size)
    return disk


@dataclass
class Writer(threading.Thread):
    """Writes one line after the other down to the disks; notes which were acknowledged."""

    found: Guest
    begin: int
    count: int
    acknowledged: list[int] = field(default_factory=list)
    failure: str = ""

    def __post_init__(self) -> None:
        super().__init__(daemon=True)

    def run(self) -> None:
        for number in range(self.begin, self.begin + self.count):
            line = f"echo {number} >> {FILE} && sync {FILE}"
            try:
                ended = self.found.run("sh", "-c", line, seconds=60)
            except Exception as error:  # noqa: BLE001 - the test tells of it
                self.failure = repr(error)
                return
            if ended.returncode:
                self.failure = ended.stderr
                return
            self.acknowledged.append(number)

    __hash__ = threading.Thread.__hash__


def pull_under_load(found: Guest, disk: Path, begin: int) -> Sequence[int]:
    """Pull a disk while the machine writes; return what it acknowledged."""
    writer = Writer(found, begin, BEFORE + AFTER)
    writer.start()
    wait_until(lambda: len(writer.acknowledged) >= BEFORE, "it writes", 60)
    found.ask_monitor("device_del", id=disk.name)
    writer.join(240)
    assert not writer.failure
    assert len(writer.acknowledged) == BEFORE + AFTER
    return writer.acknowledged


def kept(found: Guest) -> list[int]:
    return [int(one) for one in found.said("cat", FILE).split()]


@dataclass
class Life:
    """What was seen, and what is left."""

    folder: Path
    left: Path
    pulled: Path
    acknowledged: list[int]
    seen: dict[str, Any]


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Life:
    """The first start beside an empty disk, until the disk that started it is pulled."""
    folder = tmp_path_factory.mktemp("disks")
    one = copied(appliance_disk(), folder).rename(folder / "one")
    two = empty(folder, "two")
    steps: list[tuple[str, float]] = []
    with machine(folder, one, two) as found:

        def is_mirrored() -> bool:
            told = listed(found)
            assert told
            if told["taking"]:
                assert not told["taking"]["error_code"], told["taking"]
                steps.append((told["taking"]["step"], told["taking"]["percent"]))
            return bool(told["standing"] == "mirrored" and not told["taking"])

        wait_until(is_mirrored, "the second disk is taken in by itself", 600)
        acknowledged = pull_under_load(found, one, 0)
        wait_until(lambda: standing(found) == "lost", "the loss is noticed", 60)
        told = listed(found)
        seen: dict[str, Any] = {"steps": steps, "told": told, "kept": kept(found)}
        seen["failed"] = found.said("systemctl", "--failed", "--no-legend", "--plain")
        seen["page"] = found.run("tenshu", "status").returncode
    return Life(folder, left=two, pulled=one, acknowledged=list(acknowledged), seen=seen)


def test_an_empty_disk_is_taken_in_at_the_first_start_with_progress_S1(first: Life) -> None:
    percents = [percent for _, percent in first.seen["steps"]]
    assert len(set(percents)) > 3
    assert percents == sorted(percents)


def test_the_boot_disk_is_pulled_under_load_and_nothing_acknowledged_is_lost_S1(
    first: Life,
) -> None:
    assert first.seen["kept"] == first.acknowledged
    befell = [one["what"] for one in first.seen["told"]["happenings"]]
    assert befell == ["lost", "mirrored", "taken"]
    assert first.seen["failed"] == ""


@pytest.fixture(scope="module")
def second(first: Life) -> Life:
    """After a power cut, from the other disk alone; a new one is taken in, the old one pulled."""
    three = empty(first.folder, "three")
    with machine(first.folder, first.left) as found:
        seen: dict[str, Any] = {"kept": kept(found), "standing": standing(found)}
        seen["roles"] = {}
        for disk in strangers(first):
            plug(found, disk)
            seen["roles"][disk.name] = role(found, disk)
            refused = found.run("tenshu", "disks", "take", disk.name, seconds=60)
            seen[disk.name] = refused.returncode, refused.stderr
            found.ask_monitor("device_del", id=disk.name)
        plug(found, three)
        found.said("tenshu", "disks", "take", "three", seconds=60)
        wait_until(lambda: standing(found) == "mirrored", "the new disk is a whole copy", 600)
        begin = len(first.acknowledged)
        acknowledged = [*first.acknowledged, *pull_under_load(found, first.left, begin)]
        wait_until(lambda: standing(found) == "lost", "the loss is noticed", 60)
    return Life(first.folder, left=three, pulled=first.left, acknowledged=acknowledged, seen=seen)


def strangers(life: Life) -> list[Path]:
    """Return a disk that is too small, one that holds something, one of another machine."""
    small = empty(life.folder, "small", GIGABYTE)
    occupied = empty(life.folder, "occupied")
    subprocess.run(["mke2fs", "-q", "-L", "photos", str(occupied)], check=True)
    foreign = life.folder / "foreign"
    subprocess.run(["cp", "--sparse=always", str(life.pulled), str(foreign)], check=True)
    give_another_number(foreign)
    return [small, occupied, foreign]


def give_another_number(disk: Path) -> None:
    """Make the state on a disk that of another array, as another machine has it."""
    begin = next(one.begin for one in table(disk) if one.name == "tenshu-state")
    with disk.open("r+b") as file:
        file.seek(begin + SUPERBLOCK)
        record = bytearray(file.read(1024))
        (most,) = struct.unpack_from("<I", record, 220)
        record[UUID] = os.urandom(16)
        record[CHECKSUM] = bytes(4)
        size = 256 + 2 * most
        words = struct.unpack_from(f"<{size // 4}I", record)
        total = sum(words)
        record[CHECKSUM] = struct.pack("<I", ((total & 0xFFFFFFFF) + (total >> 32)) & 0xFFFFFFFF)
        file.seek(begin + SUPERBLOCK)
        file.write(record)


def test_after_a_power_cut_the_other_disk_alone_starts_the_machine_S1(second: Life) -> None:
    assert second.seen["kept"] == second.acknowledged[: BEFORE + AFTER]
    assert second.seen["standing"] == "lost"


def test_what_is_too_small_holds_something_or_is_another_machines_is_refused_S1(
    second: Life,
) -> None:
    assert second.seen["roles"] == {
        "small": "small",
        "occupied": "occupied",
        "foreign": "foreign",
    }
    for name in second.seen["roles"]:
        code, said = second.seen[name]
        assert code == 1, said
        assert name in said


def test_a_new_disk_is_taken_in_and_the_old_one_may_die_S1(second: Life) -> None:
    with machine(second.folder, second.left) as found:
        assert kept(found) == second.acknowledged
        assert standing(found) == "lost"
