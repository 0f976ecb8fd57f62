"""What the kernel says of disks and mirrors, nothing added: lsblk's list, and sysfs of arrays."""

import os
import re
from pathlib import Path
from typing import Final

import msgspec

from appliance.contract.configuration.errors import ProgramRefused
from appliance.contract.disks.errors import DisksUnreadable, NoOwnDisks
from appliance.machine.programs import ask

OWN: Final = Path("/run/tenshu-disks")
"""Written by the initrd of the disk image, which lays the mirrors."""
COLUMNS: Final = (
    *("NAME", "KNAME", "TYPE", "SIZE", "RO", "RM", "TRAN", "MODEL", "SERIAL", "WWN", "PTTYPE"),
    *("PTUUID", "PARTN", "PARTLABEL", "PARTUUID", "START", "FSTYPE", "LABEL", "UUID"),
)
ROOTHASH: Final = re.compile(r"\broothash=([0-9a-f]+)")
DONE: Final = re.compile(r"(\d+) / (\d+)")
SLOT: Final = Path("/run/tenshu-slot")
"""Numbers of the two partitions that the running slot lies in; written by the initrd as well."""
STARTED: Final = Path("/run/tenshu-started")
"""The number of what the loader started from, where the initrd has given it another one."""
LOADER: Final = "/sys/firmware/efi/efivars/{}-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f"
TURNED: Final = str.maketrans("0123456789abcdef", "fedcba9876543210")


class Block(msgspec.Struct, frozen=True, kw_only=True):
    """A line of lsblk: a disk, a partition, or what lies over one."""

    kname: str
    type: str
    size: int = 0
    """Bytes."""
    ro: bool = False
    rm: bool = False
    tran: str | None = None
    model: str | None = None
    serial: str | None = None
    wwn: str | None = None
    pttype: str | None = None
    ptuuid: str | None = None
    partn: int | None = None
    partlabel: str | None = None
    partuuid: str | None = None
    start: int | None = None
    """Sectors of 512 bytes."""
    fstype: str | None = None
    label: str | None = None
    uuid: str | None = None
    children: tuple["Block", ...] = ()

    @property
    def partitions(self) -> tuple["Block", ...]:
        """Return those of a disk."""
        return tuple(one for one in self.children if one.type == "part")


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """A side of an array, as md has it."""

    kname: str
    states: frozenset[str]
    """`in_sync`, `spare` (being filled), `faulty` …"""
    gone: bool
    """Whether its device is not there any more."""


class Array(msgspec.Struct, frozen=True, kw_only=True):
    """A mirror, as md has it."""

    kname: str
    size: int
    """Bytes."""
    members: tuple[Member, ...]
    done: tuple[int, int] | None = None
    """Sectors that a running recovery has written, and of how many."""
    speed: int = 0
    """Bytes per second."""


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """All that is known at one moment."""

    disks: tuple[Block, ...]
    arrays: tuple[Array, ...]
    roothash: str
    """Root of the running slot's tree of hashes, hexadecimal."""
    started: str
    """The number of the partition whose loader started the machine; or empty."""
    boot: str
    """Which run of the kernel this is."""
    copy: bool = False
    """Whether the running slot is the copy of one."""

    @property
    def numbers(self) -> tuple[str, str]:
        """Return the numbers of the running slot's partitions: itself, and its tree of hashes."""
        return slot_numbers(self.roothash, copy=self.copy)


class _Lsblk(msgspec.Struct):
    blockdevices: tuple[Block, ...]


def are_own() -> bool:
    """Tell whether the machine started from the appliance's own disk."""
    return OWN.exists()


def gather() -> Facts:
    """Return what is so now. Raise NoOwnDisks or DisksUnreadable."""
    if not are_own():
        raise NoOwnDisks
    try:
        told = ask("lsblk", "--json", "--bytes", "--output", ",".join(COLUMNS))
    except ProgramRefused as error:
        raise DisksUnreadable(said=str(error)) from error
    roothash = _roothash(Path("/proc/cmdline").read_text("utf-8", "replace"))
    return Facts(
        disks=read_lsblk(told),
        arrays=read_arrays(Path("/sys/block")),
        roothash=roothash,
        copy=_text(SLOT) == " ".join(slot_numbers(roothash, copy=True)),
        started=_text(STARTED) or loader_said("LoaderDevicePartUUID"),
        boot=Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip(),
    )


def read_lsblk(told: str) -> tuple[Block, ...]:
    """Return the disks of lsblk's list. Raise DisksUnreadable."""
    try:
        found = msgspec.json.decode(told, type=_Lsblk).blockdevices
    except msgspec.MsgspecError as error:
        raise DisksUnreadable(said=str(error)) from error
    return tuple(one for one in found if one.type == "disk" and one.size)


def read_arrays(blocks: Path) -> tuple[Array, ...]:
    """Return the arrays of md below /sys/block."""
    return tuple(_array(one) for one in sorted(blocks.glob("md*")) if (one / "md/level").exists())


def _array(folder: Path) -> Array:
    md = folder / "md"
    done = DONE.fullmatch(_text(md / "sync_completed"))
    speed = _text(md / "sync_speed")
    return Array(
        kname=folder.name,
        size=int(_text(folder / "size") or 0) * 512,
        members=tuple(_member(one) for one in sorted(md.glob("dev-*"))),
        done=(int(done[1]), int(done[2])) if done else None,
        speed=int(speed) * 1024 if speed.isdigit() else 0,
    )


def _member(folder: Path) -> Member:
    return Member(
        kname=folder.name.removeprefix("dev-"),
        states=frozenset(filter(None, _text(folder / "state").split(","))),
        gone=not (folder / "block").exists(),
    )


def _text(path: Path) -> str:
    """Return what stands there; nothing where it has just vanished."""
    try:
        return path.read_text("ascii").strip()
    except OSError:
        return ""


def _roothash(line: str) -> str:
    found = ROOTHASH.search(line)
    return found[1] if found else ""


def as_number(digits: str) -> str:
    """Return 32 hexadecimal digits as partitions write their numbers."""
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:32]))


def slot_numbers(roothash: str, *, copy: bool) -> tuple[str, str]:
    """Return the numbers of a slot's two partitions, or of its copy's: every digit turned round."""
    digits = roothash.translate(TURNED) if copy else roothash
    return as_number(digits[:32]), as_number(digits[32:64])


def loader_said(name: str) -> str:
    """Return what the loader has left: four bytes of attributes, then UTF-16 with a zero."""
    try:
        return (
            Path(LOADER.format(name))
            .read_bytes()[4:]
            .decode("utf-16-le", "replace")
            .rstrip("\0")
            .lower()
        )
    except OSError:
        return ""


def device(kname: str) -> str:
    """Return the path of a device that the kernel named."""
    return os.path.join("/dev", kname)  # noqa: PTH118 - a word for a program
