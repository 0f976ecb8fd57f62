"""The network by which the machine reaches its key server before its volume is open.

It lies in the volume's head, which anybody can read and change who has a disk: addresses and
routes, nothing secret. Who changes it leads the question elsewhere, and learns nothing by it.
"""

import base64
import re
import zlib
from pathlib import Path
from typing import Final

import msgspec

FOLDER: Final = "etc/systemd/network"
RESOLVER: Final = "etc/resolv.conf"
NAMES: Final = "resolv.conf"
NAME: Final = re.compile(r"[A-Za-z0-9._-]{1,80}\.(network|netdev)")
MOST: Final = 2560
"""Characters, for some twenty cables: the head has 12 kB for all tokens and slots."""
LARGEST: Final = 65_536
"""Bytes of it unpacked."""


class TooLong(Exception):
    """The network's settings do not fit into the head."""


def gather(root: Path) -> dict[str, str]:
    """Return the files of the network that was set up, by name; none where nobody did."""
    folder, resolver = root / FOLDER, root / RESOLVER
    paths = sorted(folder.iterdir()) if folder.is_dir() else []
    found = {one.name: one.read_text("utf-8") for one in paths if NAME.fullmatch(one.name)}
    if found and resolver.exists() and not resolver.is_symlink():
        found[NAMES] = resolver.read_text("utf-8")
    return found


def pack(files: dict[str, str]) -> str:
    """Return them as a short text. Raise TooLong."""
    if not files:
        return ""
    packed = base64.b64encode(zlib.compress(msgspec.json.encode(files), 9)).decode()
    if len(packed) > MOST:
        raise TooLong
    return packed


def unpack(packed: str) -> dict[str, str]:
    """Return the files again; none where it is not what was packed: whoever may have written it."""
    if not packed:
        return {}
    try:
        content = zlib.decompressobj().decompress(base64.b64decode(packed), LARGEST)
        found = msgspec.json.decode(content, type=dict[str, str])
    except (ValueError, zlib.error, msgspec.MsgspecError):
        return {}
    return {name: one for name, one in found.items() if NAME.fullmatch(name) or name == NAMES}
