"""The disk image, as a file: what stands in its table, and that its kernel knows its slot."""

import json
import shutil
import struct
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from image.disk import Disk, disk_name, entry, make_disk
from image.initramfs import FILE, make_initramfs
from image.root import appliance_root
from image.running import Failed
from image.workshop import work, workshop
from tests.debian import appliance_disk

pytestmark = [pytest.mark.image, pytest.mark.together("image-disk"), pytest.mark.timeout(600)]

SECTOR = 512
MEGABYTE = 1024 * 1024
SLOT_A = ("tenshu-a", "tenshu-a-verity")


class Partition(NamedTuple):
    """An entry of the table."""

    name: str
    identifier: uuid.UUID
    begin: int
    size: int


def table(path: Path) -> Iterator[Partition]:
    """Read a GPT, as the firmware does."""
    with path.open("rb") as file:
        file.seek(SECTOR)
        header = file.read(92)
        assert header[:8] == b"EFI PART"
        begin, count, size = struct.unpack_from("<QII", header, 72)
        file.seek(begin * SECTOR)
        for _ in range(count):
            entry = file.read(size)
            first, last = struct.unpack_from("<QQ", entry, 32)
            if last:
                name = entry[56:128].decode("utf-16-le").rstrip("\0")
                number = uuid.UUID(bytes_le=entry[16:32])
                yield Partition(name, number, first * SECTOR, (last + 1 - first) * SECTOR)


def content(path: Path, partition: Partition) -> bytes:
    with path.open("rb") as file:
        file.seek(partition.begin)
        return file.read(partition.size)


@pytest.fixture(scope="module")
def disk() -> Disk:
    return appliance_disk()


def slot_of(path: Path) -> tuple[Partition, Partition]:
    data, hashes = (one for one in table(path) if one.name in SLOT_A)
    return data, hashes


def carve(path: Path, folder: Path) -> None:
    """Write the two partitions of the slot into files of their own."""
    for name, partition in zip(("data", "hashes"), slot_of(path), strict=True):
        (folder / name).write_bytes(content(path, partition))


def test_the_table_has_a_start_two_slots_of_one_size_and_room_for_what_is_kept(
    disk: Disk,
) -> None:
    found = list(table(disk.raw))
    assert [(one.name, one.size // MEGABYTE) for one in found] == [
        ("tenshu-start", 512),
        ("tenshu-a", 1024),
        ("tenshu-a-verity", 16),
        ("_empty", 1024),
        ("_empty", 16),
    ]
    assert disk.raw.stat().st_size - found[-1].begin - found[-1].size > 4096 * MEGABYTE
    second = content(disk.raw, found[3])
    assert second.count(0) == len(second), "it waits for an update"


def test_the_slots_hashes_hold_and_one_flipped_bit_is_found_V11(disk: Disk, tmp_path: Path) -> None:
    carve(disk.raw, tmp_path)
    brought = {"slot": tmp_path}
    verify = ("veritysetup", "verify", "/mnt/slot/data", "/mnt/slot/hashes", disk.roothash)
    work(*verify, brought=brought, seconds=120)
    with (tmp_path / "data").open("r+b") as file:
        file.seek(100 * MEGABYTE)
        (was,) = file.read(1)
        file.seek(100 * MEGABYTE)
        file.write(bytes([was ^ 1]))
    with pytest.raises(Failed, match="Verification failed"):
        work(*verify, brought=brought, seconds=120)


def test_the_kernels_command_line_names_the_slot_that_lies_beside_it_V11(
    disk: Disk, tmp_path: Path
) -> None:
    data, hashes = slot_of(disk.raw)
    told = work(
        *("ukify", "--json=short", "inspect", "/mnt/made/kernel.efi"),
        brought={"made": disk.folder},
        seconds=60,
    )
    line = json.loads(told)[".cmdline"]["text"]
    assert f" roothash={disk.roothash}" in line
    # systemd-veritysetup-generator(8): by these numbers the slot is found
    assert data.identifier.hex + hashes.identifier.hex == disk.roothash
    start = next(table(disk.raw))
    (tmp_path / "esp").write_bytes(content(disk.raw, start))
    work(
        *("mcopy", "-i", "/mnt/esp/esp", f"::EFI/Linux/{entry()}", "/mnt/esp/found"),
        brought={"esp": tmp_path},
        seconds=60,
    )
    assert (tmp_path / "found").read_bytes() == disk.kernel.read_bytes()


def test_what_is_made_again_of_the_same_is_the_same_bit_by_bit_V11(disk: Disk) -> None:
    again = Disk(disk.folder.with_name("again"))
    start = disk.folder.with_name("again-initramfs")
    try:
        make_initramfs(start)
        root = appliance_root("machine")
        make_disk(root, workshop(), start / FILE, disk_name(), again.folder)
        assert again.roothash == disk.roothash
        assert again.kernel.read_bytes() == disk.kernel.read_bytes()
        for one in zip(table(again.raw), table(disk.raw), strict=True):
            assert one[0] == one[1]
            assert content(again.raw, one[0]) == content(disk.raw, one[1]), one[0].name
    finally:
        for made in (again.folder, start):
            shutil.rmtree(made, ignore_errors=True)
