"""What lsblk and sysfs said in a guest of the disk image, to be changed by a test."""

from pathlib import Path
from typing import Any

import msgspec

from appliance.slots.filling import copies
from appliance.storage.facts import Array, Block, Facts, Member, read_lsblk

RECORDED = Path(__file__).parent / "recorded"
ROOTHASH = "53594b04c6c6d1f71827f281f33dbf39326403b0e15c676c6e451c7017d55f25"
STARTED = "5d11b96f-670b-48c4-b1fd-5985bb14b696"
BOOT = "8bfa1f52-5b8b-4a3c-a9c5-2f7b3f1f7c11"
OWN, OTHER = "8c715230-221e-6681-1e1f-4ebcf755c25e", "11111111-221e-6681-1e1f-4ebcf755c25e"
ARRAYS = {"md127": ("2", 1 << 30), "md126": ("3", 1 << 24), "md125": ("6", 5728192 << 10)}
"""Array → the number of its partition, and its size."""


def recorded(name: str = "single") -> tuple[Block, ...]:
    """Return the disks: sda carries the machine, sdb is empty."""
    return read_lsblk((RECORDED / f"{name}.json").read_text())


def changed(block: Block, **fields: Any) -> Block:
    return msgspec.structs.replace(block, **fields)


def copy_of(disk: Block, kname: str, state: str = OWN) -> Block:
    """Return a disk with the same partitions, its state a member of an array."""
    parts = tuple(
        changed(
            one,
            kname=one.kname.replace(disk.kname, kname),
            uuid=state if one.fstype == "linux_raid_member" else one.uuid,
            partuuid="0" + (one.partuuid or "")[1:] if one.partn in (1, 6) else one.partuuid,
            children=(),
        )
        for one in disk.partitions
    )
    return changed(disk, kname=kname, serial=f"of-{kname}", ptuuid=f"table-{kname}", children=parts)


def arrays(**states: str) -> tuple[Array, ...]:
    """Return the three arrays; each disk's sides have one state in all of them."""
    return tuple(
        Array(
            kname=kname,
            size=size,
            members=tuple(
                Member(
                    kname=f"{disk}{number}",
                    states=frozenset(state.removesuffix("!").split(",")),
                    gone=state.endswith("!"),
                )
                for disk, state in states.items()
            ),
        )
        for kname, (number, size) in ARRAYS.items()
    )


def facts(disks: tuple[Block, ...], found: tuple[Array, ...] | None = None) -> Facts:
    return Facts(
        disks=disks,
        arrays=arrays(sda="in_sync") if found is None else found,
        roothash=ROOTHASH,
        started=STARTED,
        boot=BOOT,
    )


def with_copy(now: Facts) -> Facts:
    """Return the same where each disk bears the copy of the system in its second slot."""
    numbers = dict(zip((4, 5), copies(now), strict=True))
    disks = tuple(
        changed(
            disk,
            children=tuple(
                changed(one, partuuid=numbers[one.partn], partlabel="tenshu-b")
                if one.partn in numbers
                else one
                for one in disk.partitions
            ),
        )
        for disk in now.disks
    )
    return msgspec.structs.replace(now, disks=disks)


def from_copy(now: Facts) -> Facts:
    """Return the same where the second slot runs."""
    places = {
        f"{disk}{was}": f"{disk}{is_}" for disk in ("sda", "sdb") for was, is_ in ((2, 4), (3, 5))
    }
    return msgspec.structs.replace(
        now,
        copy=True,
        boot="from copy",
        arrays=tuple(
            msgspec.structs.replace(
                one,
                members=tuple(
                    msgspec.structs.replace(side, kname=places.get(side.kname, side.kname))
                    for side in one.members
                ),
            )
            for one in now.arrays
        ),
    )
