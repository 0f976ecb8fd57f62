"""What the keys of the machine's own console give: `python -m appliance.machine.keyboard`.

The kernel knows a US keyboard. A Japanese one (106 or 109 keys) has other signs on a dozen keys,
and two more keys; the kernel is told of those alone, sign by sign (ioctl_console(2)). A program
with files for all keyboards of the world would be asked for these two.
"""

import fcntl
import logging
import os
import struct
import sys
from pathlib import Path
from typing import Final, NamedTuple

from appliance.contract.keyboard import Layout, chosen
from appliance.log import configure_logging
from appliance.place import load_place

LOG: Final = logging.getLogger("appliance.machine")
CONSOLE: Final = Path("/dev/tty0")
KDSKBENT: Final = 0x4B47
PLAIN, SHIFTED = 0, 1
"""Tables of the kernel: the key alone, and with shift."""
NOTHING: Final = 0x0200
"""A key that gives nothing (K_HOLE)."""

SIGNS: Final[dict[int, dict[Layout, str]]] = {
    3: {Layout.us: "2@", Layout.jp: '2"'},
    7: {Layout.us: "6^", Layout.jp: "6&"},
    8: {Layout.us: "7&", Layout.jp: "7'"},
    9: {Layout.us: "8*", Layout.jp: "8("},
    10: {Layout.us: "9(", Layout.jp: "9)"},
    11: {Layout.us: "0)", Layout.jp: "0 "},
    12: {Layout.us: "-_", Layout.jp: "-="},
    13: {Layout.us: "=+", Layout.jp: "^~"},
    26: {Layout.us: "[{", Layout.jp: "@`"},
    27: {Layout.us: "]}", Layout.jp: "[{"},
    39: {Layout.us: ";:", Layout.jp: ";+"},
    40: {Layout.us: "'\"", Layout.jp: ":*"},
    41: {Layout.us: "`~", Layout.jp: "  "},  # hankaku/zenkaku
    43: {Layout.us: "\\|", Layout.jp: "]}"},
    89: {Layout.us: "  ", Layout.jp: "\\_"},  # beside the right shift
    124: {Layout.us: "  ", Layout.jp: "\\|"},  # the yen sign's
}
"""Number of a key → its sign alone and with shift; a space where it gives nothing."""


class Entry(NamedTuple):
    """One line of the kernel's table."""

    table: int
    key: int
    value: int

    @property
    def packed(self) -> bytes:
        """As the kernel takes it (struct kbentry)."""
        return struct.pack("BBH", self.table, self.key, self.value)


def entries(layout: Layout) -> list[Entry]:
    """Return what the kernel is told for a keyboard."""
    return [
        Entry(table, key, NOTHING if sign == " " else ord(sign))
        for key, signs in SIGNS.items()
        for table, sign in zip((PLAIN, SHIFTED), signs[layout], strict=True)
    ]


def tell(layout: Layout, console: Path = CONSOLE) -> None:
    """Tell the kernel. Raise OSError."""
    handle = os.open(console, os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
    try:
        for one in entries(layout):
            fcntl.ioctl(handle, KDSKBENT, one.packed)
    finally:
        os.close(handle)


def main() -> int:
    """Return 0, or 1 where the console takes no keyboard."""
    configure_logging("machine")
    layout = chosen(load_place().data)
    try:
        tell(layout)
    except OSError:
        LOG.exception("the console does not take the keyboard %s", layout.value)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
