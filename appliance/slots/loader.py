"""What the loader starts from, on each disk: mounted for as long as it takes, and never longer.

Firmware writes there too (the loader's tries), so it is no mirror. A file is put beside its place,
synced, read back and renamed: cut anywhere, what was there before is there.
"""

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from appliance.durable import sync_folder
from appliance.slots.entries import Entry, Named, named
from appliance.storage import programs
from appliance.storage.facts import Block
from appliance.storage.layout import numbered
from appliance.storage.taking import START

MOUNTED: Final = Path("/run/tenshu-slots")
"""The unit's own folder; the mount is seen by nobody else."""
KERNELS: Final = "EFI/Linux"


@contextlib.contextmanager
def opened(kname: str) -> Iterator[Path]:
    """Give what lies on such a partition. Raise ProgramRefused or OSError."""
    programs.mount(kname, str(MOUNTED))
    try:
        yield MOUNTED
    finally:
        programs.unmount(str(MOUNTED))


def start_of(disk: Block) -> str:
    """Return the partition of a disk that firmware starts from. Raise FileNotFoundError."""
    found = numbered(disk, START)
    if found is None:
        raise FileNotFoundError(errno.ENOENT, f"{disk.kname} has nothing to start from")
    return found.kname


def files_of(folder: Path, entry: Entry) -> dict[Path, Named]:
    """Return the files of an entry; there is one, or none."""
    found = {path: named(path.name) for path in sorted(folder.iterdir())}
    return {path: one for path, one in found.items() if one is not None and one.entry == entry}


def is_ready(folder: Path, entry: Entry, kernel: bytes) -> bool:
    """Tell whether an entry is there with that content, and the loader would try it."""
    return any(
        not one.is_spent and path.read_bytes() == kernel
        for path, one in files_of(folder, entry).items()
    )


def arm(folder: Path, entry: Entry, kernel: bytes) -> bool:
    """Let an entry be there once, with all its tries and that content; tell whether it was not."""
    armed, found = folder / entry.armed, list(files_of(folder, entry))
    same = [path for path in found if path.read_bytes() == kernel]
    if same == [armed] == found:
        return False
    good = same[0] if same else write(folder / f"{entry.armed}.new", kernel)
    good.replace(armed)
    for path in {*found} - {armed, good}:
        path.unlink()
    sync_folder(folder)
    return True


def write(path: Path, content: bytes) -> Path:
    """Write a file that is not yet by its own name, and read it back. Raise OSError."""
    with path.open("wb") as target:
        target.write(content)
        target.flush()
        os.fsync(target.fileno())
        os.posix_fadvise(target.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    if path.read_bytes() != content:
        path.unlink()
        raise OSError(errno.EIO, f"{path.name} reads otherwise than it was written")
    return path
