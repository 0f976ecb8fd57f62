"""ISO 9660 (ECMA-119), as far as a seed needs it: label, and files of the first folder.

Long names come from Joliet or Rock Ridge. Nothing is mounted: whatever a disk says is data of this
process and not of the kernel.
"""

from collections.abc import Iterator
from typing import Final

from appliance.seed.volume import Damaged, Entry, Read, Volume, number

SECTOR: Final = 2048
FIRST: Final = 16
"""Sector of the first descriptor."""
DESCRIPTORS: Final = 16
"""As many are looked at; a disk has two or three."""
PRIMARY, SUPPLEMENTARY, LAST = 1, 2, 255
JOLIET: Final = (b"%/@", b"%/C", b"%/E")
FOLDER: Final = 2
"""Flag of an entry that is a folder itself."""
LARGEST_FOLDER: Final = 1024 * 1024
SHORTEST_ENTRY: Final = 34


def open_iso(read: Read) -> Volume | None:
    """Return the volume of a disk; None where it is no ISO 9660. Raise Damaged."""
    primary = joliet = None
    for sector in range(FIRST, FIRST + DESCRIPTORS):
        try:
            found = read(sector * SECTOR, SECTOR)
        except Damaged:
            break
        if found[1:6] != b"CD001" or found[0] == LAST:
            break
        if found[0] == PRIMARY and primary is None:
            primary = found
        elif found[0] == SUPPLEMENTARY and found[88:91] in JOLIET:
            joliet = found
    if primary is None:
        return None
    labels = [primary[40:72].decode("ascii", "replace").strip()]
    if joliet is not None:
        labels.append(joliet[40:72].decode("utf-16-be", "replace").strip("\0 "))

    def entries() -> tuple[Entry, ...]:
        found = list(_folder(primary, read, wide=False))
        return tuple(found + (list(_folder(joliet, read, wide=True)) if joliet else []))

    return Volume(labels=tuple(labels), entries=entries)


def _folder(descriptor: bytes, read: Read, *, wide: bool) -> Iterator[Entry]:
    """Yield the files of the first folder."""
    start, size = number(descriptor, 158, 4), number(descriptor, 166, 4)
    if size > LARGEST_FOLDER:
        msg = "its first folder is too large"
        raise Damaged(msg)
    raw, at = read(start * SECTOR, size), 0
    while at < size:
        length = raw[at]
        if length == 0:  # no entry goes over the end of a sector
            at += SECTOR - at % SECTOR
            continue
        entry = raw[at : at + length]
        if length < SHORTEST_ENTRY or len(entry) < length or 33 + entry[32] > length:
            msg = "an entry of its first folder has no end"
            raise Damaged(msg)
        at += length
        if not entry[25] & FOLDER:
            yield _entry(entry, read, wide=wide)


def _entry(entry: bytes, read: Read, *, wide: bool) -> Entry:
    start, size = number(entry, 2, 4), number(entry, 10, 4)
    name = entry[33 : 33 + entry[32]]
    text = name.decode("utf-16-be" if wide else "ascii", "replace")
    after = entry[33 + entry[32] + (entry[32] + 1) % 2 :]
    return Entry(
        name=_rock_ridge(after) or text.partition(";")[0].rstrip("."),
        size=size,
        read=lambda: read(start * SECTOR, size),
    )


def _rock_ridge(fields: bytes) -> str:
    """Return the name that an entry has for Unix (RRIP, `NM`); nothing where it has none."""
    name, at = b"", 0
    while at + 4 <= len(fields) and fields[at + 2] >= 4:
        if fields[at : at + 2] == b"NM":
            name += fields[at + 5 : at + fields[at + 2]]
        at += fields[at + 2]
    return name.decode("utf-8", "replace")
