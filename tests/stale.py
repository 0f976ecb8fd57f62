"""What killed runs have left below pytest's folder is let go before the next one begins.

Pytest removes the folders of older runs when it ends, and stumbles over a mount in one of them; and
the folder of a run that was killed it takes for held, for three days. A run holds its folder by a
file with its number as a process (`.lock`): of one that goes on nothing is touched.
"""

import getpass
import os
import re
import subprocess
import tempfile
from pathlib import Path
from typing import Final

LOCK: Final = ".lock"
MOUNTS: Final = Path("/proc/self/mounts")
ESCAPED: Final = re.compile(r"\\([0-7]{3})")


def base() -> Path:
    """Return the folder in which pytest has a folder for each run."""
    root = os.environ.get("PYTEST_DEBUG_TEMPROOT") or tempfile.gettempdir()
    return Path(root).resolve() / f"pytest-of-{getpass.getuser()}"


def let_go(folder: Path) -> None:
    """Unmount what dead runs have left below a folder, and hold their folders no longer."""
    for place in reversed(_mounted_below(folder)):  # the innermost first
        if not _is_held(folder / place.relative_to(folder).parts[0]):
            # from the tree at once; the kernel ends it when nobody has it open
            subprocess.run(["umount", "--lazy", "--no-canonicalize", str(place)], check=True)
    for lock in folder.glob(f"pytest-*/{LOCK}"):
        if not _is_held(lock.parent):
            lock.unlink(missing_ok=True)


def _mounted_below(folder: Path) -> list[Path]:
    places = [Path(_plain(line.split(" ")[1])) for line in MOUNTS.read_text().splitlines()]
    return [one for one in places if one != folder and one.is_relative_to(folder)]


def _plain(place: str) -> str:
    return ESCAPED.sub(lambda found: chr(int(found[1], 8)), place)


def _is_held(run: Path) -> bool:
    try:
        os.kill(int((run / LOCK).read_text("ascii")), 0)
    except (FileNotFoundError, ProcessLookupError):
        return False
    except (PermissionError, ValueError):  # somebody else's, or written at this moment
        pass
    return True
