"""The agent's socket: who may speak, how much, how long."""

import contextlib
import fcntl
import logging
import os
import socket
import struct
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from appliance.agent.dispatch import Dispatch, fault
from appliance.contract.errors import (
    AgentBusy,
    ApplianceError,
    MessageMalformed,
    MessageTooLarge,
    PeerRefused,
)
from appliance.contract.varlink import Messages, address_of, pack

LOG: Final = logging.getLogger("appliance.agent")

MODE: Final = 0o660
CONNECTIONS: Final = 32
"""The console's workers and some people with the command line; more is a fault or an attack."""
IDLE: Final = 60.0
"""Seconds that a connection may stay silent."""
FAREWELL: Final = 10.0
"""Seconds that calls get to finish when the agent ends."""


class AlreadyRunning(Exception):
    """Another agent serves this data folder."""


class Server:
    """Listens on a unix socket until `stop` is set."""

    def __init__(
        self, path: Path, dispatch: Dispatch, allowed: frozenset[int], stop: threading.Event
    ) -> None:
        self._path, self._dispatch, self._allowed, self._stop = path, dispatch, allowed, stop
        self._places = threading.BoundedSemaphore(CONNECTIONS)

    def serve(self) -> None:
        """Serve until told to stop. Raise AlreadyRunning, OSError."""
        self._path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
        with _only_one(self._path.with_suffix(".lock")), self._listening() as listener:
            LOG.info("listening on %s", self._path)
            threads: list[threading.Thread] = []
            while not self._stop.is_set():
                with contextlib.suppress(TimeoutError):
                    connection, _ = listener.accept()
                    thread = threading.Thread(target=self._talk, args=(connection,), daemon=True)
                    thread.start()
                    threads = [one for one in threads if one.is_alive()] + [thread]
            for thread in threads:
                thread.join(FAREWELL)
        LOG.info("stopped")

    @contextlib.contextmanager
    def _listening(self) -> Iterator[socket.socket]:
        self._path.unlink(missing_ok=True)  # of a killed agent: the lock says that none lives
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
            before = os.umask(0o777 & ~MODE)
            try:
                with address_of(self._path) as address:
                    listener.bind(address)
            finally:
                os.umask(before)
            listener.listen(CONNECTIONS)
            listener.settimeout(0.2)  # how soon a stop is heard
            try:
                yield listener
            finally:
                self._path.unlink(missing_ok=True)

    def _talk(self, connection: socket.socket) -> None:
        with connection:
            connection.settimeout(IDLE)
            # the other end may go at any time: that is its right
            with contextlib.suppress(OSError):
                uid = peer_uid(connection)
                if uid not in self._allowed:
                    LOG.warning("refused a connection of user %d", uid)
                    connection.sendall(pack(fault(PeerRefused(uid=uid))))
                    return
                if not self._places.acquire(blocking=False):
                    connection.sendall(pack(fault(AgentBusy())))
                    return
                try:
                    self._talk_with(connection)
                finally:
                    self._places.release()

    def _talk_with(self, connection: socket.socket) -> None:
        messages = Messages(connection)
        while not self._stop.is_set():
            try:
                call = messages.receive()
            except (MessageTooLarge, MessageMalformed) as error:
                # where the next message begins is not known any more
                connection.sendall(pack(fault(error)))
                return
            if call is None:
                return
            for answer in self._dispatch.answers(call):
                if call.get("oneway") is not True:
                    connection.sendall(_packed(answer))


def _packed(answer: dict[str, object]) -> bytes:
    try:
        return pack(answer)
    except ApplianceError as error:
        return pack(fault(error))


def peer_uid(connection: socket.socket) -> int:
    """Return the user number of the process at the other end, as the kernel knows it."""
    credentials = connection.getsockopt(
        socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i")
    )
    return int(struct.unpack("3i", credentials)[1])


@contextlib.contextmanager
def _only_one(path: Path) -> Iterator[None]:
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunning(str(path)) from None
        yield
    finally:
        os.close(handle)
