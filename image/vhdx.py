"""Hyper-V's disk, for a machine of generation 2.

qemu-img writes it, and draws numbers by lot: of who wrote last and how often (in two headers with
checksums), of the disk, and of the log, which is over when it is closed. They follow from the
content's checksum here, and the log is emptied. Places are those of Microsoft's [MS-VHDX].
"""

import struct
import uuid
from functools import partial
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

from image.running import Failed
from image.workshop import work

HEADERS: Final = (64 * 1024, 128 * 1024)
HEADER: Final = 4096
REGIONS: Final = 192 * 1024
METADATA: Final = uuid.UUID("8b7ca206-4790-4b9a-b8fe-575f050f886e")
DISK_NUMBER: Final = uuid.UUID("beca12ab-b2e6-4523-93ef-c309e000c746")
POLYNOMIAL: Final = 0x82F63B78
"""CRC-32C (Castagnoli), reversed."""
NOBODY: Final = uuid.UUID(int=0)


class _Entry(NamedTuple):
    """A thing that a table of the file names, by place and size."""

    place: int
    size: int


def write_vhdx(raw: Path, checksum: str, target: Path) -> None:
    """Write a disk whose content has that SHA-256. Raise Failed."""
    work(
        *("qemu-img", "convert", "-f", "raw", "-O", "vhdx", "-o", "subformat=dynamic"),
        *(f"/mnt/raw/{raw.name}", f"/mnt/built/{target.name}"),
        brought={"raw": raw.parent, "built": target.parent},
        seconds=600,
    )
    with target.open("r+b") as file:
        # the one with the higher sequence number counts; the other is the one before
        for sequence, place in enumerate(sorted(HEADERS, key=partial(_sequence, file)), 1):
            _number_header(file, place, sequence, checksum)
        _write(file, _disk_number(file), _number("disk", checksum).bytes_le)


def _number(what: str, checksum: str) -> uuid.UUID:
    return uuid.uuid5(NOBODY, f"{what} of {checksum}")


def _sequence(file: BinaryIO, place: int) -> int:
    (found,) = struct.unpack("<Q", _read(file, _Entry(place + 8, 8)))
    return int(found)


def _number_header(file: BinaryIO, place: int, sequence: int, checksum: str) -> None:
    header = bytearray(_read(file, _Entry(place, HEADER)))
    log_number = uuid.UUID(bytes_le=bytes(header[48:64]))
    if log_number != NOBODY:
        raise Failed("the VHDX was not closed: something is left in its log")
    log_size, log_place = struct.unpack_from("<IQ", header, 68)
    header[8:16] = struct.pack("<Q", sequence)
    header[16:32] = _number("file", checksum).bytes_le
    header[32:48] = _number("data", checksum).bytes_le
    header[4:8] = bytes(4)
    header[4:8] = struct.pack("<I", crc32c(bytes(header)))
    _write(file, place, bytes(header))
    _write(file, log_place, bytes(log_size))


def _disk_number(file: BinaryIO) -> int:
    """Return where the number of the disk stands (the page 83 that a guest reads)."""
    regions = _table(file, REGIONS, b"regi", count=8, first=16, entry="<QI")
    metadata = regions[METADATA].place
    items = _table(file, metadata, b"metadata", count=10, first=32, entry="<II")
    return metadata + items[DISK_NUMBER].place


def _table(
    file: BinaryIO, place: int, signature: bytes, *, count: int, first: int, entry: str
) -> dict[uuid.UUID, _Entry]:
    """Read a table: its signature, how many entries, and for each its number, place and size."""
    found = _read(file, _Entry(place, 64 * 1024))
    if not found.startswith(signature):
        raise Failed(f"no VHDX: {signature.decode()} does not stand at byte {place}")
    (entries,) = struct.unpack_from("<H", found, count)
    return {
        uuid.UUID(bytes_le=found[at : at + 16]): _Entry(*struct.unpack_from(entry, found, at + 16))
        for at in range(first, first + 32 * entries, 32)
    }


def crc32c(data: bytes) -> int:
    """Return the checksum that VHDX uses (RFC 3720, appendix B.4)."""
    found = 0xFFFFFFFF
    for byte in data:
        found ^= byte
        for _ in range(8):
            found = (found >> 1) ^ (POLYNOMIAL if found & 1 else 0)
    return found ^ 0xFFFFFFFF


def _read(file: BinaryIO, entry: _Entry) -> bytes:
    file.seek(entry.place)
    return file.read(entry.size)


def _write(file: BinaryIO, place: int, data: bytes) -> None:
    file.seek(place)
    file.write(data)
