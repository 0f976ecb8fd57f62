"""How the child that has prepared a data folder hands the lock on it over to the supervisor."""

import os
import socket
from typing import Final

READY: Final = b"ready"


def give(supervisor: socket.socket, lock: int) -> None:
    """Hand the lock over: from here on it is the supervisor's alone, and ends with it."""
    with supervisor:
        socket.send_fds(supervisor, [READY], [lock])
    os.close(lock)


def receive(descriptor: int) -> int | None:
    """Wait for the child of `descriptor`; return the lock, None where the child ended without."""
    with socket.socket(fileno=descriptor) as child:
        _, locks, _, _ = socket.recv_fds(child, len(READY), 1)
    return locks[0] if locks else None


def exit_code_of_child() -> int:
    """Return how the only child ended, as a shell tells it: 128 and the signal for a killed one."""
    code = os.waitstatus_to_exitcode(os.wait()[1])
    return code if code >= 0 else 128 - code
