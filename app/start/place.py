"""Can this copy run here? Asked before anything starts, so that the answer names the remedy."""

import errno
import socket
import time
from typing import Final

from app.core.settings import Settings
from app.start.errors import AddressUnusable, PortTaken, RestoreUnfinished

UNFINISHED_RESTORE: Final = ".restoring-*"
"""What a restore works in and removes at its end (`appliance.backup.restore`)."""
PATIENCE: Final = 3.0
"""Seconds that the processes of a copy which was just killed may need to be gone."""


def require_finished_restore(settings: Settings) -> None:
    """Raise RestoreUnfinished where half of an archive stands in the data folder."""
    if any(settings.data.glob(UNFINISHED_RESTORE)):
        raise RestoreUnfinished(data=settings.data)


def require_free_ports(settings: Settings, patience: float = PATIENCE) -> None:
    """Raise PortTaken or AddressUnusable unless both planes can listen."""
    until = time.monotonic() + patience
    for port, variable in (
        (settings.console_port, "TENSHU_CONSOLE_PORT"),
        (settings.workspace_port, "TENSHU_WORKSPACE_PORT"),
    ):
        while (reason := _refusal(settings.address, port)) is not None:
            if reason.errno != errno.EADDRINUSE:
                raise AddressUnusable(
                    address=settings.address, port=port, reason=reason.strerror
                ) from reason
            if time.monotonic() > until:
                raise PortTaken(address=settings.address, port=port, variable=variable) from reason
            time.sleep(0.05)


def _refusal(address: str, port: int) -> OSError | None:
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(
            address, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(place)
    except OSError as error:
        return error
    return None
