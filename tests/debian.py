"""Roots on the disk that `image/` makes once: the appliance's own, and what of it a test needs.

Nobody changes them: whoever writes does so in a layer over them.
"""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from image.debian import debian
from image.disk import Disk, disk
from image.disk import is_made as disk_is_made
from image.kept import alone, is_kept
from image.root import appliance_root, debian_of, is_made
from image.workshop import workshop, workshop_name


def needed() -> None:
    """Skip the test where no Debian 13 can be made; in CI that is a failure."""
    missing = [name for name in ("mmdebstrap", "chroot") if not shutil.which(name)]
    if os.geteuid() != 0 or missing:
        reason = f"needs root, and {missing or 'nothing else'}"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)


def debian_of_the_appliance() -> Path:
    """Return a Debian 13 with the packages of the appliance, and nothing of ours."""
    needed()
    return debian_of("machine")


def appliance(place: str = "machine") -> Path:
    """Return the root of the appliance as the image has it."""
    needed()
    if "TENSHU_TEST_SHARD" in os.environ and not is_made(place):
        pytest.skip("this takes minutes to make: the whole long form does, no shard of it")
    return appliance_root(place)


def appliance_disk() -> Disk:
    """Return the disk of the appliance as it is delivered."""
    needed()
    if "TENSHU_TEST_SHARD" in os.environ and not (is_made("machine") and disk_is_made()):
        pytest.skip("this takes minutes to make: the whole long form does, no shard of it")
    return disk()


def writable_disk(folder: Path) -> Path:
    """Return a copy of it in a folder, on which a machine may write."""
    target = folder / "disk"
    _run(["cp", "--sparse=always", str(appliance_disk().raw), str(target)]).check_returncode()
    return target


def disk_tools() -> None:
    """See to it that the workshop is there, whose tools make disks and their formats."""
    needed()
    made = is_kept("debian-workshop", workshop_name())
    if "TENSHU_TEST_SHARD" in os.environ and not made:
        pytest.skip("this takes minutes to make: the whole long form does, no shard of it")
    with alone():
        workshop()


def debian_with(kind: str, *packages: str) -> Path:
    """Return a Debian 13 with other packages, for what a test runs in it."""
    needed()
    with alone():
        return debian(kind, packages)


def inside(root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a program in the root, to its end."""
    return _run(["chroot", str(root), *words], 120)


def _run(command: list[str], seconds: float = 60) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=False)


@contextlib.contextmanager
def layered(base: Path, upper: Path, *between: Path) -> Iterator[Path]:
    """Give the root with a layer over it (overlay), in which a test may write.

    Layers between the two are there to be read, the last one uppermost.
    """
    merged = upper / "merged"
    for folder in ("upper", "work", "merged"):
        (upper / folder).mkdir(parents=True)
    lower = ":".join(str(one) for one in [*reversed(between), base])
    options = f"lowerdir={lower},upperdir={upper}/upper,workdir={upper}/work"
    subprocess.run(["mount", "-t", "overlay", "overlay", "-o", options, str(merged)], check=True)
    try:
        yield merged
    finally:
        subprocess.run(["umount", "--recursive", str(merged)], check=True)
