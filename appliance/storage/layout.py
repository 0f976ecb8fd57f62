"""The table of a disk that is taken in: the same partitions, numbers of its own. Pure.

The running slot keeps its numbers, by which the kernel finds it; the table, the loader's partition
and the state's get new ones, by which the disks are told apart. Of the other slot nothing is there
yet on a new disk, and its partitions say so.
"""

import re
import uuid
from collections.abc import Collection, Mapping
from typing import Final

from appliance.storage.facts import Block
from appliance.storage.looking import SECTOR, STATE

TYPES: Final = {
    "tenshu-start": "C12A7328-F81F-11D2-BA4B-00A0C93EC93B",
    STATE: "0FC63DAF-8483-4772-8E79-3D69D8477DE4",
}
OWN_NUMBERS: Final = tuple(TYPES)
FIELD: Final = re.compile(r"""\s*([a-z-]+)=\s*("[^"]*"|[^,]*),?""")
GRAIN: Final = 2048
"""Sectors: partitions begin and end on whole mebibytes where there is room."""
EMPTY: Final = "_empty"
"""The name of a slot's partition in which nothing is whole."""
TAIL: Final = 33
"""Sectors of the table's copy at the end of a disk."""


def table(source: str, sectors: int, number: str, running: Collection[str]) -> str:
    """Return what sfdisk is given, from its own dump of the disk that is copied.

    `sectors` is the size of the new disk, `number` the one that its table gets, `running` are those
    of the running slot. The last partition takes all that is there.
    """
    lines = ["label: gpt", f"label-id: {number}"]
    for line in source.splitlines():
        head, colon, rest = line.partition(" : ")
        if not colon or not head.startswith("/dev/"):
            continue
        fields = {key.strip(): value.strip() for key, value in FIELD.findall(rest)}
        name = fields.get("name", "").strip('"')
        if name in OWN_NUMBERS:
            fields["uuid"] = str(uuid.uuid4())
        elif fields.get("uuid", "").lower() not in running:
            fields |= {"uuid": str(uuid.uuid4()), "name": f'"{EMPTY}"'}
        if name == STATE:
            fields["size"] = str(_rest(int(fields["start"]), int(fields["size"]), sectors))
        lines.append(f"{_place(head)} : " + _written(fields))
    return "\n".join(lines) + "\n"


def renamed(source: str, names: Mapping[int, tuple[str, str]]) -> str:
    """Return what sfdisk is given for the same table with other names and numbers, by partition."""
    lines = []
    for line in source.splitlines():
        head, _, rest = line.partition(" : ")
        if head.startswith("/dev/") and _place(head) in names:
            name, number = names[_place(head)]
            fields = {key.strip(): value.strip() for key, value in FIELD.findall(rest)}
            lines.append(f"{head} : " + _written(fields | {"uuid": number, "name": f'"{name}"'}))
        else:
            lines.append(line)
    return "\n".join(lines) + "\n"


def _place(head: str) -> int:
    return int("".join(filter(str.isdigit, head.strip()[-2:])))


def _written(fields: Mapping[str, str]) -> str:
    return ", ".join(f"{key}={value}" for key, value in fields.items())


def _rest(start: int, least: int, sectors: int) -> int:
    """Return how many sectors the last partition gets, at least as many as the one it mirrors."""
    end = (sectors - TAIL) // GRAIN * GRAIN
    return max(least, end - start)


def numbered(disk: Block, name: str) -> Block | None:
    """Return a partition of a disk by its name."""
    return next((one for one in disk.partitions if one.partlabel == name), None)


def sectors_of(disk: Block) -> int:
    """Return how many sectors of 512 bytes a disk has."""
    return disk.size // SECTOR
