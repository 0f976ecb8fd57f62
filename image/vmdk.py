"""VMware's streamOptimized disk: what an OVA carries, packed and read from begin to end.

qemu-img writes it. One number in it is drawn by lot, the content's (CID): it follows from the
content's checksum here, so the same disk gives the same file.
"""

import re
import struct
from pathlib import Path
from typing import Final

from image.workshop import work

OPTIONS: Final = "subformat=streamOptimized,adapter_type=lsilogic,hwversion=17"
"""The adapter is a name in its text alone: the machine's is the descriptor's affair (`image.ovf`).
Version 17 is ESXi 7.0."""
SECTOR: Final = 512


def write_vmdk(raw: Path, checksum: str, target: Path) -> None:
    """Write a disk whose content has that SHA-256. Raise Failed."""
    work(
        *("qemu-img", "convert", "-f", "raw", "-O", "vmdk", "-o", OPTIONS),
        *(f"/mnt/raw/{raw.name}", f"/mnt/built/{target.name}"),
        brought={"raw": raw.parent, "built": target.parent},
        seconds=600,
    )
    _number(target, checksum[:8])


def _number(target: Path, number: str) -> None:
    """Write the content's number into the text that stands before the content."""
    with target.open("r+b") as file:
        # SparseExtentHeader of VMware's "Virtual Disk Format 5.0": place and size of the text
        place, size = struct.unpack_from("<QQ", file.read(SECTOR), 28)
        file.seek(place * SECTOR)
        text = file.read(size * SECTOR).rstrip(b"\0")
        told = re.sub(rb"(?m)^CID=[0-9a-f]+$", b"CID=" + number.encode(), text)
        file.seek(place * SECTOR)
        file.write(told.ljust(size * SECTOR, b"\0"))
