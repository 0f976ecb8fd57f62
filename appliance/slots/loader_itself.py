"""The loader itself on each disk: the program that firmware starts, twice, and its settings.

The slot carries both as they were built, beneath its tree of hashes, so what lies on a disk is
proven by what runs. A signature for Secure Boot is attached to the program afterwards; it changes
no other byte, so a signed one is held against the slot's without it.
"""

import hashlib
import logging
import os
import struct
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple

from appliance.contract.disks.state import Befell
from appliance.durable import sync_folder
from appliance.slots.keeping import KeptSlots
from appliance.slots.loader import opened, start_of, write
from appliance.storage.facts import Block

LOG: Final = logging.getLogger("appliance.slots")
BROUGHT: Final = Path("/usr/lib/tenshu-loader")
"""Laid into the slot by the builder, by these names."""
PROGRAM, SETTINGS = "systemd-bootx64.efi", "loader.conf"
PROGRAMS: Final = ("EFI/BOOT/BOOTX64.EFI", "EFI/systemd/systemd-bootx64.efi")
SETTINGS_AT: Final = "loader/loader.conf"
ENFORCED: Final = Path("/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c")
# Microsoft's PE format, of 64 bits: where its second head stands, and what of it a signer writes
HEAD_AT, SECOND, WIDE = 0x3C, 24, b"\x0b\x02"
CHECKSUM, SIGNATURE = slice(64, 68), slice(144, 152)
ALIGNED: Final = 8


class Loader(NamedTuple):
    """A program and its settings."""

    program: bytes
    settings: bytes


def mend_each(disks: list[Block], kept: KeptSlots) -> None:
    """Let each disk have what is right, and the history know; that which started comes first.

    Raise ProgramRefused or OSError.
    """
    slots = brought()
    if slots is None:
        return
    lie = list[bytes]()
    for disk in disks:
        with opened(start_of(disk)) as start:
            lie += programs_on(start)
    program = right_program(lie, slots.program, kept.looked().loader, enforced=is_enforced())
    if program is None:
        LOG.error("no disk has a whole loader that is signed: a new one starts nothing here")
        for disk in disks:
            kept.happened(Befell.damaged, disk.serial or disk.kname, "disks.damaged")
        return
    for disk in disks:
        with opened(start_of(disk)) as start:
            wrong = mend(start, Loader(program, slots.settings))
        if wrong:
            LOG.warning("on %s was replaced what is damaged: %s", disk.kname, ", ".join(wrong))
            kept.happened(Befell.mended, disk.serial or disk.kname)
    kept.same_loader(name_of(program))


def brought() -> Loader | None:
    """Return what the slot carries; nothing where it is of a release that carried none."""
    try:
        return Loader((BROUGHT / PROGRAM).read_bytes(), (BROUGHT / SETTINGS).read_bytes())
    except FileNotFoundError:
        return None


def programs_on(start: Path) -> list[bytes]:
    """Return what of the program lies on a disk; twice the same, where it is well."""
    return [_read(start / name) for name in PROGRAMS]


def right_program(
    lie: Iterable[bytes], slots: bytes, known: str, *, enforced: bool
) -> bytes | None:
    """Return the program that each disk is to have; nothing where none of them is known as good.

    `lie`: what lies on the disks, first that of which the machine started. `known`: the name of
    what each of them had after a good start.
    """
    there = list(lie)
    proven = [one for one in there if plain(one) == plain(slots)]
    for one in (*proven, *there):  # a loader of another release is as good, if it has started us
        if name_of(one) == known:
            return one
    if proven:
        return Counter(proven).most_common(1)[0][0]
    return None if enforced else slots


def plain(program: bytes) -> bytes:
    """Return a program without what a signer adds; as it is where it is none."""
    try:
        (head,) = struct.unpack_from("<I", program, HEAD_AT)
        second = head + SECOND
        at, size = struct.unpack_from("<II", program, second + SIGNATURE.start)
    except struct.error:
        return program
    if program[second : second + len(WIDE)] != WIDE or (at and at + size != len(program)):
        return program
    found = bytearray(program[:at] if at else program)
    for field in (CHECKSUM, SIGNATURE):
        found[second + field.start : second + field.stop] = bytes(field.stop - field.start)
    return bytes(found) + bytes(-len(found) % ALIGNED)


def name_of(program: bytes) -> str:
    """Return what a program is known by."""
    return hashlib.sha256(program).hexdigest()


def mend(start: Path, right: Loader) -> list[str]:
    """Write what differs from what is right, and return the names of it. Raise OSError."""
    wanted = dict.fromkeys(PROGRAMS, right.program) | {SETTINGS_AT: right.settings}
    wrong = [name for name, content in wanted.items() if _read(start / name) != content]
    for name in wrong:
        path = start / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write(path.with_name(f"{path.name}.new"), wanted[name]).replace(path)
        sync_folder(path.parent)
    return wrong


def is_enforced() -> bool:
    """Tell whether firmware starts nothing but what is signed (attributes, and one byte)."""
    try:
        return ENFORCED.read_bytes()[4:] == b"\x01"
    except OSError:
        return False


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
            return file.read()
    except FileNotFoundError:
        return b""
