"""Look at every disk for a seed: `python -m appliance.seed.finding`, at the first start.

It only looks and copies: what was found is left for `appliance.machine.seeding`, in a file that is
gone with the next restart. Disks are read, not mounted, and none of the paths on them is used.
"""

import logging
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from appliance.contract.configuration.problem import as_problem
from appliance.contract.seed import ovf
from appliance.contract.seed.form import FILE, LABEL, LARGEST
from appliance.contract.seed.problems import DiskDamaged, NoFileOnDisk, SeedProblem, SeedTooLarge
from appliance.durable import write_whole
from appliance.log import configure_logging
from appliance.seed.fat import open_fat
from appliance.seed.found import FOUND, Found
from appliance.seed.iso import open_iso
from appliance.seed.volume import Damaged, Read

LOG: Final = logging.getLogger("appliance.seed")
BLOCKS: Final = Path("/sys/class/block")
DEVICES: Final = Path("/dev")
NOT_DISKS: Final = ("ram", "zram", "dm-", "md", "fd", "nbd")
"""What the machine makes of itself, and drives that take seconds to say that they are empty."""


def found(blocks: Path = BLOCKS, devices: Path = DEVICES) -> tuple[Found, ...]:
    """Return every seed that is attached, right or wrong."""
    names = sorted(one.name for one in blocks.iterdir()) if blocks.is_dir() else []
    return tuple(
        one for name in names if not name.startswith(NOT_DISKS) for one in of_disk(devices / name)
    )


def of_disk(device: Path) -> Iterator[Found]:
    """Yield the seed that a disk brings, if any; a drive without a disk brings none."""
    try:
        handle = os.open(device, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        return
    try:
        yield from _of(device.name, _reader(handle))
    except Damaged as error:  # before its label could be read: whatever it is, it is no seed
        LOG.info("%s is no disk that can be read: %s", device, error)
    finally:
        os.close(handle)


def _reader(handle: int) -> Read:
    def read(at: int, length: int) -> bytes:
        try:
            raw = os.pread(handle, length, at)
        except OSError as error:
            raise Damaged(error.strerror) from error
        if len(raw) < length:
            msg = "it ends too early"
            raise Damaged(msg)
        return raw

    return read


def _of(name: str, read: Read) -> Iterator[Found]:
    volume = open_iso(read) or open_fat(read)
    if volume is None:
        return
    is_seed = any(label.upper() == LABEL for label in volume.labels)
    try:
        entry = volume.find(FILE if is_seed else ovf.FILE)
        if entry is not None and entry.size <= LARGEST:
            yield Found(place=name, ovf=not is_seed, content=entry.read())
        elif entry is not None:
            yield _wrong(SeedTooLarge(place=name, limit=LARGEST // 1024))
        elif is_seed:
            yield _wrong(NoFileOnDisk(place=name, file=FILE))
    except Damaged as error:
        if is_seed:
            yield _wrong(DiskDamaged(place=name, reason=error))


def _wrong(problem: SeedProblem) -> Found:
    return Found(place=str(problem.parameters["place"]), problem=as_problem(problem))


def main() -> int:
    """Look, and leave what was found."""
    configure_logging("seed")
    seeds = found()
    write_whole(FOUND, msgspec.json.encode(seeds), durable=False)
    LOG.info("%d seeds are attached", len(seeds))
    return 0


if __name__ == "__main__":
    sys.exit(main())
