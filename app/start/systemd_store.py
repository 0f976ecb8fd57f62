"""The lock on the data folder, in systemd's hands: it lasts as long as the prepared unit does.

Where units run, no process of ours lasts as long as all of them. systemd keeps the descriptor, and
with it the lock, until `tenshu-prepare.service` is stopped (FileDescriptorStoreMax=).
"""

import os
import select
import socket
from typing import Final

from app.core import data_folder
from app.start.errors import LockNotKept

NAME: Final = "data-folder"
TAKES_SECONDS: Final = 10.0


def keep(lock: int, address: str) -> None:
    """Hand the lock over to systemd at its socket for notices (`NOTIFY_SOCKET`), and close it.

    Raise LockNotKept.
    """
    data_folder.sign(lock, data_folder.UNITS)
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as systemd:
            systemd.connect(address.replace("@", "\0", 1) if address[0] == "@" else address)
            socket.send_fds(systemd, [f"FDSTORE=1\nFDNAME={NAME}\nFDPOLL=0".encode()], [lock])
            _wait_until_read(systemd)
    except OSError as error:
        raise LockNotKept(reason=error.strerror or error) from error
    finally:
        os.close(lock)


def _wait_until_read(systemd: socket.socket) -> None:
    """Wait until systemd has read all that was sent: of a process that is gone it takes nothing."""
    reading, writing = os.pipe2(os.O_CLOEXEC)
    try:
        try:
            socket.send_fds(systemd, [b"BARRIER=1"], [writing])
        finally:
            os.close(writing)
        if not select.select([reading], [], [], TAKES_SECONDS)[0]:
            raise TimeoutError(None, "it does not answer")
    finally:
        os.close(reading)
