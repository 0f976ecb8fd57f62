"""Any one disk may die while the machine runs, the one it started from too (S1).

One machine, followed through its life: a first start beside an empty disk, its first administrator,
the boot disk pulled while it backs up and writes, a power cut, a start from the other disk alone, a
new disk taken in, the other pulled. A third disk stands for the folder of a NAS.
"""

import os
import struct
import subprocess
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.debian import appliance_disk
from tests.integration.image.test_disk import table
from tests.integration.image.test_starting import copied
from tests.integration.image.two_disks import (
    AFTER,
    BEFORE,
    GIGABYTE,
    archives,
    come_in,
    commanded,
    empty,
    kept,
    listed,
    machine,
    plug,
    pull_under_load,
    role,
    standing,
)
from tests.integration.start.test_on_postgresql import Person
from tests.integration.systemd.test_full import claim, sign_in
from tests.running import wait_until

pytestmark = [
    pytest.mark.image,
    pytest.mark.slow,
    pytest.mark.together("two-disks"),
    pytest.mark.timeout(1200),
]

SUPERBLOCK = 4096
"""Where md writes its record in a member (metadata 1.2)."""
UUID = slice(16, 32)
CHECKSUM = slice(216, 220)


@dataclass
class Life:
    """What was seen, and what is left."""

    folder: Path
    left: Path
    pulled: Path
    acknowledged: list[int]
    seen: dict[str, Any]
    admin: Person


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
        admin = come_in(partial(claim, found))
        commanded(found, "backup", "repository", "create", "/mnt/nas")
        commanded(found, "backup", "run", "--no-wait")
        acknowledged = pull_under_load(found, one, 0)
        wait_until(lambda: standing(found) == "lost", "the loss is noticed", 60)
        wait_until(lambda: len(archives(found)) == 1, "the backup is made", 240)
        told = listed(found)
        seen: dict[str, Any] = {"steps": steps, "told": told, "kept": kept(found)}
        seen["failed"] = found.said("systemctl", "--failed", "--no-legend", "--plain")
        seen["page"] = found.run("tenshu", "status").returncode
    return Life(folder, two, one, list(acknowledged), seen, admin)


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
    return Life(first.folder, three, first.left, acknowledged, seen, first.admin)


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
        come_in(sign_in, second.admin)
        assert len(archives(found)) == 1
        assert found.run("tenshu", "audit", "verify", seconds=120).returncode == 0
