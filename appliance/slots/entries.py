"""Kernel images as the loader names them: release, copy, and the tries it still has. Pure.

tenshu-0.1.0+3.efi          an entry with three tries; the loader counts: +2-1, +1-2, +0-3
tenshu-0.1.0-copy+3.efi     the same kernel image, for the copy of its slot

The loader takes the newest release first, the copy after the first one, and last of all what has no
tries left (systemd-boot(7), by the name of the file).
"""

import re
from typing import Final, NamedTuple

TRIES: Final = 3
"""The builder and the initrd count as far."""
NAME: Final = re.compile(
    r"tenshu-(?P<release>[0-9a-z.]+)(?P<copy>-copy)?(\+(?P<left>\d+)(-(?P<done>\d+))?)?\.efi"
)


class Entry(NamedTuple):
    """A kernel image."""

    release: str
    copy: bool

    @property
    def other(self) -> "Entry":
        """Return the one of the other copy."""
        return Entry(self.release, not self.copy)

    @property
    def armed(self) -> str:
        """Return the name of its file with all its tries."""
        return f"tenshu-{self.release}{'-copy' * self.copy}+{TRIES}.efi"


class Named(NamedTuple):
    """A file of an entry."""

    entry: Entry
    left: int | None
    """Tries; none where nothing counts them."""
    done: int = 0
    """Tries that the loader has counted, and that nobody has given back."""

    @property
    def is_spent(self) -> bool:
        """Whether the loader takes it only where there is nothing else."""
        return self.left == 0


def named(file: str) -> Named | None:
    """Return what a file's name says; nothing where it is no kernel image of ours."""
    found = NAME.fullmatch(file.lower())
    if found is None:
        return None
    left = found["left"]
    entry = Entry(found["release"], bool(found["copy"]))
    return Named(entry, None if left is None else int(left), int(found["done"] or 0))
