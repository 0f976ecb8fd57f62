"""The table of a disk that is taken in: the same partitions, numbers of its own. Pure.

Slots keep their numbers, by which the kernel finds them; the table, the loader's partition and the
state's get new ones, by which the disks are told apart.
"""

import re
import uuid
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
TAIL: Final = 33
"""Sectors of the table's copy at the end of a disk."""


def table(source: str, sectors: int, number: str) -> str:
    """Return what sfdisk is given, from its own dump of the disk that is copied.

    `sectors` is the size of the new disk, `number` the one that its table gets. The last partition
    takes all that is there.
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
        if name == STATE:
            fields["size"] = str(_rest(int(fields["start"]), int(fields["size"]), sectors))
        place = "".join(filter(str.isdigit, head[-2:]))
        lines.append(f"{place} : " + ", ".join(f"{key}={value}" for key, value in fields.items()))
    return "\n".join(lines) + "\n"


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
