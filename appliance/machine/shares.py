"""Folders of other machines, as an administrator has entered them in fstab(5) or mounted them.

The kernel reaches them by itself. What is in fstab counts before it is mounted, or it never could
be. NFS is version 4, which needs one port alone.
"""

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

TABLE: Final = Path("/etc/fstab")
MOUNTED: Final = Path("/proc/self/mounts")
"""Written like fstab(5), by the kernel."""
PORTS: Final = {"nfs4": 2049, "nfs": 2049, "cifs": 445, "smb3": 445, "fuse.sshfs": 22}
_SOURCE: Final = re.compile(r"(?://|[^@/:\[]*@)?(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+))[:/].*")
_PORT: Final = re.compile(r"(?:^|,)port=(\d{1,5})(?:,|$)")


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """Where a share is reached."""

    host: str
    port: int


def shares(table: Path = TABLE, mounted: Path = MOUNTED) -> tuple[Share, ...]:
    """Return what is mounted from other machines, or is to be; each once."""
    return tuple(dict.fromkeys(one for path in (table, mounted) for one in _read(path)))


def _read(path: Path) -> Iterator[Share]:
    with contextlib.suppress(FileNotFoundError):
        for line in path.read_text("utf-8", "replace").splitlines():
            words = line.split()
            if len(words) > 3 and words[2] in PORTS and (found := _SOURCE.fullmatch(words[0])):
                told = _PORT.search(words[3])
                port = int(told[1]) if told else PORTS[words[2]]
                yield Share(host=found[1] or found[2], port=port)
