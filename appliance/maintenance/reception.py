"""Where sshd's sessions knock: a socket of the agent, for the two users alone.

What comes in is a terminal and a few words. Everything else (whether a window is open, for whom,
what may be done) is known here already.
"""

import contextlib
import logging
import os
import secrets
import socket
import subprocess
import sys
import threading
from typing import Final

import msgspec

from appliance.agent.peer import peer_of
from appliance.contract.maintenance.state import Ending
from appliance.contract.varlink import address_of
from appliance.holding import is_held
from appliance.maintenance.people import known_users
from appliance.maintenance.rooms import Rooms
from appliance.maintenance.session import Job

LOG: Final = logging.getLogger("appliance.maintenance")
HELLO_SECONDS: Final = 5.0
LONGEST: Final = 4096
MOST: Final = 4
"""Sessions at a time."""


class Hello(msgspec.Struct, frozen=True, kw_only=True):
    """What the door says."""

    connection: str
    """Addresses and ports, as sshd tells them."""
    command: str


class Reception(threading.Thread):
    """Listens until told to stop; sessions go on without it."""

    def __init__(self, rooms: Rooms, stop: threading.Event) -> None:
        super().__init__(name="reception", daemon=True)
        self._rooms, self._stop_asked = rooms, stop

    def run(self) -> None:
        """Serve; where the socket cannot be made, say so: then nobody comes in."""
        try:
            self._serve()
        except OSError:
            LOG.exception("nobody can come in for maintenance")

    def _serve(self) -> None:
        path = self._rooms.door
        path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        path.unlink(missing_ok=True)  # of a killed agent
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
            with address_of(path) as address:
                listener.bind(address)
            path.chmod(0o666)  # whoever knocks is asked for by the kernel
            listener.listen(MOST)
            listener.settimeout(0.2)  # how soon a stop is heard
            while not self._stop_asked.is_set():
                with contextlib.suppress(TimeoutError):
                    connection, _ = listener.accept()
                    threading.Thread(target=self._meet, args=(connection,), daemon=True).start()
        path.unlink(missing_ok=True)

    def _meet(self, connection: socket.socket) -> None:
        with connection:
            connection.settimeout(HELLO_SECONDS)
            handles: list[int] = []
            try:
                uid = peer_of(connection).uid
                user = known_users().get(uid)
                if user is None:
                    LOG.warning("refused user %d at the door", uid)
                    return
                data, handles, _, _ = socket.recv_fds(connection, LONGEST, 2)
                self._let_in(user, msgspec.json.decode(data, type=Hello), connection, handles)
            except (OSError, msgspec.MsgspecError):
                LOG.warning("somebody at the door went away", exc_info=True)
            finally:
                for handle in handles:
                    os.close(handle)

    def _let_in(
        self, user: str, hello: Hello, connection: socket.socket, handles: list[int]
    ) -> None:
        book = self._rooms.book
        window = book.opened()
        if window is None or book.why_over(window.number) is not Ending.none:
            LOG.warning("%s is at the door, and no window is open", user)
            return
        paths = (book.recording(window.number, one.id) for one in book.sessions(window.number))
        if window.user != user or len(handles) != 2 or sum(map(is_held, paths)) >= MOST:
            LOG.warning("%s is at the door, and not let in through window %d", user, window.number)
            return
        reading, writing = handles
        job = Job(
            window=window.number,
            session=secrets.token_hex(8),
            source=" ".join(hello.connection.split()[:2])[:80],
            command=hello.command,
            control=connection.fileno(),
            reading=reading,
            writing=writing,
        )
        process = subprocess.Popen(  # noqa: S603 - our own module; the job is one JSON text
            [sys.executable, "-P", "-m", "appliance.maintenance.session",
             msgspec.json.encode(job).decode()],
            stdin=subprocess.DEVNULL,
            pass_fds=(job.control, reading, writing),
            start_new_session=True,  # what ends the agent does not end what records
            env={**os.environ, **self._rooms.place.environment()},
        )  # fmt: skip
        LOG.info("session %s through window %d", job.session, window.number)
        threading.Thread(target=process.wait, name="session", daemon=True).start()
