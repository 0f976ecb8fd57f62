"""Which interfaces of the document carry nothing at this moment: a cable was pulled (S4)."""

import fcntl
import socket
import struct
from typing import Final

from appliance.contract.configuration.document import Document

SIOCGIFFLAGS: Final = 0x8913
RUNNING: Final = 0x40
"""IFF_RUNNING: the interface is up, and there is a carrier (netdevice(7))."""
_FORM: Final = "16sH14s"


def silent(document: Document) -> tuple[str, ...]:
    """Return the interfaces and members of bonds that carry nothing, or are not there."""
    network = document.network
    names = [one.name for one in network.interfaces]
    names += [member for one in network.bonds for member in one.members]
    return tuple(name for name in dict.fromkeys(names) if not _carries(name))


def _carries(name: str) -> bool:
    """Tell whether an interface of this network namespace is up and has a carrier."""
    asked = struct.pack(_FORM, name.encode(), 0, b"")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        try:
            told = fcntl.ioctl(one, SIOCGIFFLAGS, asked)
        except OSError:
            return False
    flags: int = struct.unpack(_FORM, told)[1]
    return bool(flags & RUNNING)
