"""The agent's socket: who may speak, how much, how long."""

import contextlib
import fcntl
import logging
import os
import socket
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from appliance.agent.dispatch import Dispatch, fault
from appliance.agent.peer import ROOT_USER, Doorman, peer_of
from appliance.contract import watchdog
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
A_USER: Final = 24
"""Of them, those of one user: who takes all of its own leaves room for root and the agent's own."""
A_MESSAGE: Final = 10.0
"""Seconds from the first byte of a message to its last: nobody holds a place by dripping."""
FAREWELL: Final = 10.0
"""Seconds that calls get to finish when the agent ends."""


class AlreadyRunning(Exception):
    """Another agent serves this data folder."""


class Server:
    """Listens on a unix socket until `stop` is set."""

    def __init__(
        self, path: Path, dispatch: Dispatch, doorman: Doorman, stop: threading.Event
    ) -> None:
        self._path, self._dispatch, self._doorman, self._stop = path, dispatch, doorman, stop
        self._places = Places()

    def serve(self) -> None:
        """Serve until told to stop. Raise AlreadyRunning, OSError."""
        self._path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
        with _only_one(self._path.with_suffix(".lock")), self._listening() as listener:
            LOG.info("listening on %s", self._path)
            threads: list[threading.Thread] = []
            while not self._stop.is_set():
                watchdog.beat()  # it takes calls
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
                peer = peer_of(connection)
                if not self._doorman.admits(peer):
                    LOG.warning("refused a connection of user %d, unit %r", peer.uid, peer.unit)
                    connection.sendall(pack(fault(PeerRefused(uid=peer.uid))))
                    return
                with self._places.of(peer.uid) as has_place:
                    if has_place:
                        self._talk_with(connection)
                    else:
                        connection.sendall(pack(fault(AgentBusy())))

    def _talk_with(self, connection: socket.socket) -> None:
        messages = Messages(connection, A_MESSAGE)
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


class Places:
    """The places for connections: so many at once, and of one user so many."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._taken: Counter[int] = Counter()

    @contextlib.contextmanager
    def of(self, uid: int) -> Iterator[bool]:
        """Take a place for as long as it lasts; tell whether there was one."""
        with self._lock:
            most = CONNECTIONS if uid in (ROOT_USER, os.geteuid()) else A_USER
            found = self._taken[uid] < most and self._taken.total() < CONNECTIONS
            self._taken[uid] += found
        try:
            yield found
        finally:
            with self._lock:
                self._taken[uid] -= found


def _packed(answer: dict[str, object]) -> bytes:
    try:
        return pack(answer)
    except ApplianceError as error:
        return pack(fault(error))


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
