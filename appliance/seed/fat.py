"""FAT with 12, 16 or 32 bits (Microsoft, "FAT: General Overview"), as far as a seed needs it.

Nothing is mounted: whatever a disk says is data of this process and not of the kernel.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from appliance.seed.volume import Damaged, Entry, Read, Volume, number

SECTORS: Final = (512, 1024, 2048, 4096)
CLUSTERS_12, CLUSTERS_16 = 4085, 65525
"""With so many clusters a volume has the next larger kind of table."""
ENTRY: Final = 32
LARGEST_FOLDER: Final = 1024 * 1024
IS_FOLDER, IS_LABEL, IS_LONG = 0x10, 0x08, 0x0F
FREE, END = 0xE5, 0
OTHER_PLACES: Final = ((1, 11), (14, 26), (28, 32))
"""Where the letters of a long name stand in one of its entries."""


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where the parts of a volume lie, in bytes."""

    read: Read
    bits: int
    table: int
    folder: int
    folder_size: int
    root: int
    """First cluster of the first folder; 0 where it has a place of its own."""
    data: int
    cluster: int
    clusters: int

    def following(self, cluster: int) -> int:
        """Return the cluster after another one; 0 at the end."""
        at = cluster * self.bits // 8
        value = number(self.read(self.table + at, 4), 0, 4)
        if self.bits == 12:
            value >>= 4 * (cluster % 2)
        value &= (1 << min(self.bits, 28)) - 1
        return 0 if value >= (1 << min(self.bits, 28)) - 8 else value

    def chain(self, cluster: int, limit: int) -> bytes:
        """Return what lies in a chain of clusters, so many bytes at most."""
        found = b""
        while cluster and len(found) < limit:
            if not 2 <= cluster < self.clusters + 2:
                msg = "a chain leads out of the volume"
                raise Damaged(msg)
            found += self.read(self.data + (cluster - 2) * self.cluster, self.cluster)
            cluster = self.following(cluster)
        return found[:limit]


def open_fat(read: Read) -> Volume | None:
    """Return the volume of a disk; None where it is no FAT. Raise Damaged."""
    try:
        start = read(0, 512)
    except Damaged:
        return None
    layout = _layout(start, read)
    if layout is None:
        return None
    said = start[71:82] if layout.bits == 32 else start[43:54]
    labels = [said.decode("ascii", "replace").strip()]
    folder = _first_folder(layout)
    labels += [
        one[:11].decode("ascii", "replace").strip()
        for one in _rows(folder)
        if one[11] & IS_LABEL and one[11] != IS_LONG
    ]
    return Volume(labels=tuple(labels), entries=lambda: tuple(_entries(folder, layout)))


def _layout(start: bytes, read: Read) -> _Layout | None:
    """Return where everything lies; None where it is no FAT."""
    sector, per_cluster = number(start, 11, 2), start[13]
    reserved, tables, rows = number(start, 14, 2), start[16], number(start, 17, 2)
    total = number(start, 19, 2) or number(start, 32, 4)
    size = number(start, 22, 2) or number(start, 36, 4)
    fits = start[510:512] == b"\x55\xaa" and sector in SECTORS and per_cluster.bit_count() == 1
    if not (fits and reserved and tables in (1, 2) and total and size):
        return None
    folder = reserved + tables * size
    data = folder + -(-rows * ENTRY // sector)
    clusters = (total - data) // per_cluster
    if clusters < 1:
        return None
    bits = 12 if clusters < CLUSTERS_12 else 16 if clusters < CLUSTERS_16 else 32
    return _Layout(
        read=read,
        bits=bits,
        table=reserved * sector,
        folder=folder * sector,
        folder_size=rows * ENTRY,
        root=number(start, 44, 4) if bits == 32 else 0,
        data=data * sector,
        cluster=per_cluster * sector,
        clusters=clusters,
    )


def _first_folder(layout: _Layout) -> bytes:
    if layout.root:
        return layout.chain(layout.root, LARGEST_FOLDER)
    return layout.read(layout.folder, layout.folder_size)


def _rows(folder: bytes) -> Iterator[bytes]:
    """Yield the entries of a folder that are in use."""
    for at in range(0, len(folder) - ENTRY + 1, ENTRY):
        if folder[at] == END:
            return
        if folder[at] != FREE:
            yield folder[at : at + ENTRY]


def _entries(folder: bytes, layout: _Layout) -> Iterator[Entry]:
    """Yield the files of a folder with their long names, whose parts stand before them."""
    long = ""
    for row in _rows(folder):
        if row[11] == IS_LONG:
            part = b"".join(row[begin:end] for begin, end in OTHER_PLACES)
            long = part.decode("utf-16-le", "replace").partition("\0")[0] + long
            continue
        if not row[11] & (IS_FOLDER | IS_LABEL):
            yield _entry(row, long, layout)
        long = ""


def _entry(row: bytes, long: str, layout: _Layout) -> Entry:
    short = row[:8].decode("ascii", "replace").rstrip()
    ending = row[8:11].decode("ascii", "replace").rstrip()
    cluster, size = number(row, 20, 2) << 16 | number(row, 26, 2), number(row, 28, 4)

    def read() -> bytes:
        found = layout.chain(cluster, size)
        if len(found) < size:
            msg = "a file is shorter than it says"
            raise Damaged(msg)
        return found

    return Entry(name=long or f"{short}.{ending}".rstrip("."), size=size, read=read)
