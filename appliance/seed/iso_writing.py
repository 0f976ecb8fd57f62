"""An ISO 9660 image with one small file: label, short name and Joliet's long one.

A dozen sectors, the same bytes for the same file. A library for it would be a dependency of the
appliance for what runs on a laptop, once.
"""

from typing import Final

from appliance.contract.seed.form import FILE, LABEL
from appliance.seed.iso import SECTOR

SHORT: Final = b"SEED.TML;1"
"""The name of those that know neither Joliet nor Rock Ridge."""
PRIMARY, JOLIET, END = 16, 17, 18
TABLES, TABLES_WIDE = 19, 21
FOLDER, FOLDER_WIDE, CONTENT = 23, 24, 25
"""Sectors. Of each table of paths there are two, for both orders of bytes."""
RECORDED: Final = bytes((126, 1, 1, 0, 0, 0, 0))
"""2026-01-01: when an image was written has no meaning here."""
ROOT, PARENT = b"\0", b"\1"
IS_FOLDER: Final = 2


def write_iso(content: bytes) -> bytes:
    """Return the image of a disk that brings a seed."""
    wide = FILE.encode("utf-16-be")
    used = -(-len(content) // SECTOR)
    total = CONTENT + max(used, 1)
    sectors = {
        PRIMARY: _descriptor(1, LABEL.encode(), TABLES, FOLDER, total, b""),
        JOLIET: _descriptor(2, LABEL.encode("utf-16-be"), TABLES_WIDE, FOLDER_WIDE, total, b"%/E"),
        END: b"\xffCD001\x01",
        TABLES: _table(FOLDER, "little"),
        TABLES + 1: _table(FOLDER, "big"),
        TABLES_WIDE: _table(FOLDER_WIDE, "little"),
        TABLES_WIDE + 1: _table(FOLDER_WIDE, "big"),
        FOLDER: _folder(FOLDER, SHORT, len(content)),
        FOLDER_WIDE: _folder(FOLDER_WIDE, wide, len(content)),
    }
    head = b"".join(_filled(sectors.get(number, b"")) for number in range(CONTENT))
    return head + content.ljust((total - CONTENT) * SECTOR, b"\0")


def _filled(sector: bytes) -> bytes:
    return sector.ljust(SECTOR, b"\0")


def _both(value: int, length: int) -> bytes:
    """Return a number in both orders of bytes, as ISO 9660 has them."""
    return value.to_bytes(length, "little") + value.to_bytes(length, "big")


def _entry(sector: int, size: int, name: bytes, flags: int) -> bytes:
    padding = b"\0" * ((len(name) + 1) % 2)
    length = 33 + len(name) + len(padding)
    head = bytes((length, 0)) + _both(sector, 4) + _both(size, 4) + RECORDED
    return head + bytes((flags, 0, 0)) + _both(1, 2) + bytes((len(name),)) + name + padding


def _folder(sector: int, name: bytes, size: int) -> bytes:
    here = [_entry(sector, SECTOR, each, IS_FOLDER) for each in (ROOT, PARENT)]
    return b"".join(here) + _entry(CONTENT, size, name, 0)


def _table(folder: int, order: str) -> bytes:
    place = folder.to_bytes(4, "little" if order == "little" else "big")
    parent = (1).to_bytes(2, "little" if order == "little" else "big")
    return bytes((1, 0)) + place + parent + b"\0\0"


def _descriptor(
    kind: int, label: bytes, tables: int, folder: int, total: int, escape: bytes
) -> bytes:
    blank = " ".encode("utf-16-be") if escape else b" "
    text = [blank * (length // len(blank)) for length in (32, 128, 128, 128, 128)]
    parts = [
        bytes((kind,)) + b"CD001\x01\0",
        text[0],
        label + text[0][len(label) :],
        b"\0" * 8 + _both(total, 4) + escape.ljust(32, b"\0"),
        _both(1, 2) + _both(1, 2) + _both(SECTOR, 2) + _both(10, 4),
        tables.to_bytes(4, "little") + b"\0" * 4 + (tables + 1).to_bytes(4, "big") + b"\0" * 4,
        _entry(folder, SECTOR, ROOT, IS_FOLDER),
        *text[1:],
        (blank * 111)[:111],
        (b"0" * 16 + b"\0") * 4,
        b"\x01",
    ]
    return b"".join(parts)
