"""The kernel's account of connections: what it holds of earlier looks must not speak in later ones.

A late packet of a connection that an earlier look had opened carries the mark of that look's rules,
and counts as if the rules of now had set it.
"""

import socket
import struct
from typing import Final

NETLINK_NETFILTER: Final = 12
DELETE: Final = 1 << 8 | 2
"""Of the account of connections (linux/netfilter/nfnetlink_conntrack.h); without a filter: all."""
REQUEST_AND_ANSWER: Final = 1 | 4
HEAD: Final = "=IHHII"
ANSWER: Final = "=IHHIIi"


def forget_flows() -> None:
    """Let the kernel forget every connection of this network namespace; they stay open."""
    body = struct.pack("=BBH", socket.AF_UNSPEC, 0, 0)
    length = struct.calcsize(HEAD) + len(body)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER) as kernel:
        kernel.settimeout(5)
        kernel.send(struct.pack(HEAD, length, DELETE, REQUEST_AND_ANSWER, 1, 0) + body)
        answer = kernel.recv(4096)
    error = -struct.unpack_from(ANSWER, answer)[-1]
    if error:
        raise OSError(error, "the kernel does not forget its connections")
