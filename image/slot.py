"""The slot: what of the root belongs to an image, with the kernel's modules, as a folder.

Its files are links to those of the root: only folders are written in, nothing in a file.
"""

import os
import shutil
from pathlib import Path
from typing import Final

from image.running import run
from image.tree import FORGOTTEN, OLDER

MODULES: Final = "usr/lib/modules"
UPDATED: Final = ("etc/.updated", "var/.updated")
"""Caches are made already: no start has to (ConditionNeedsUpdate=)."""
PACKAGES: Final = {"var/lib/dpkg": "usr/lib/sysimage/dpkg"}
"""What is installed is a matter of the slot; a machine's own /var begins with a link to it."""


def lay_slot(root: Path, kernel: Path, slot: Path, epoch: int) -> None:
    """Make the folder of the slot from the root of the appliance and of what has the kernel."""
    run(["cp", "--archive", "--link", str(root), str(slot)], seconds=120)
    for folder in FORGOTTEN:
        shutil.rmtree(slot / folder, ignore_errors=True)
        _make_empty(slot / folder, root / folder)
    for name in OLDER:
        (slot / name).unlink(missing_ok=True)
    for before, after in PACKAGES.items():
        (slot / after).parent.mkdir(parents=True, exist_ok=True)
        (slot / before).rename(slot / after)
        (slot / before).symlink_to(f"/{after}")
    shutil.rmtree(slot / MODULES, ignore_errors=True)
    run(["cp", "--archive", "--link", str(kernel / MODULES), str(slot / MODULES)], seconds=120)
    for name in UPDATED:
        (slot / name).touch()
    # systemd compares these times with each other; all the others are cut by who writes the slot
    for name in (*UPDATED, "usr"):
        os.utime(slot / name, (epoch, epoch))


def _make_empty(folder: Path, model: Path) -> None:
    if model.is_dir():
        folder.mkdir()
        found = model.stat()
        os.chown(folder, found.st_uid, found.st_gid)
        shutil.copystat(model, folder)
