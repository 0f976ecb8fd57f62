"""Maintenance windows and recordings of their sessions, as an archive holds them (S11).

What lets somebody in stays here: the authority that signs, and the clocks of a window that is open.
A window that comes back without its clocks is over (`appliance.maintenance.windows`).
"""

import contextlib
import os
import shutil
from pathlib import Path
from typing import Final

from appliance.holding import is_held
from appliance.maintenance.windows import CLOCKS, LOCK

PLACE: Final = "machine/maintenance"
"""In the data folder and in the archive."""
LEFT_OUT: Final = frozenset({CLOCKS, LOCK})


def copy_recordings(data: Path, folder: Path) -> None:
    """Bring windows, recordings and the journal into `folder`. Raise OSError.

    A recording that has ended never changes and is linked; of one that goes on, what is there now
    is copied. What is removed meanwhile is left out.
    """
    source, target = data / PLACE, folder / PLACE
    if not source.is_dir():
        return
    target.parent.mkdir(mode=0o700)
    target.mkdir(mode=0o700)
    for path in sorted(source.rglob("*")):
        copy = target / path.relative_to(source)
        if path.is_dir():
            copy.mkdir(mode=0o700)
        elif path.name not in LEFT_OUT and not path.name.startswith("."):
            with contextlib.suppress(FileNotFoundError):
                _copy(path, copy)


def _copy(path: Path, copy: Path) -> None:
    if path.suffix == ".cast" and not is_held(path):
        os.link(path, copy, follow_symlinks=False)
    else:
        shutil.copyfile(path, copy, follow_symlinks=False)
        shutil.copymode(path, copy)
