"""The desk behind the machine's own screen: `python -m app.screen.desk`.

Screens are processes without any right. They ask here, on a unix socket; the kernel is asked whose
process is at the other end. What anybody may read the desk tells. What changes something comes
with a proof in the same message, is checked here, and done by the operation that pages use too.
"""

import contextlib
import logging
import os
import pwd
import signal
import socket
import struct
import threading
from pathlib import Path
from typing import Final

import msgspec

from app.core.claim_code import PLACE
from app.core.database import Database
from app.core.errors import TenshuError
from app.core.incident import new_incident
from app.core.keyring import KeyRing
from app.core.lifeline import die_with_parent
from app.core.log import configure_logging
from app.core.messages import LANGUAGES, explain, mark, translate
from app.core.settings import load_settings
from app.core.stopping import Stop
from app.operations.context import Appliance
from app.screen.doing import do
from app.screen.errors import NotUnderstood
from app.screen.protocol import (
    DeskRefused,
    DeskSilent,
    Failure,
    Look,
    Question,
    Standing,
    ask,
    read_line,
    reply,
    unpack,
    where,
)
from app.screen.standing import Watching
from appliance.contract import watchdog

USERS: Final = "TENSHU_SCREEN_USERS"
"""Variable that names further users whose processes may ask: that of the screens."""
MODE: Final = 0o660
"""Of the socket; its folder hands its group on, that of the screens."""
CONNECTIONS: Final = 16
"""Questions at once: a few screens, which each ask one thing at a time."""
A_QUESTION: Final = 5.0
"""Seconds for a question to arrive, and for its answer to be taken."""
LOOK_AFTER: Final = 20.0
"""Seconds between two questions that the desk asks itself, at most."""

log = logging.getLogger("tenshu.screen")


class Desk:
    """Answers questions until it is closed."""

    def __init__(self, appliance: Appliance, path: Path, users: frozenset[int]) -> None:
        self._appliance, self._path, self._users = appliance, path, users
        self._watching = Watching(appliance, path.with_name(PLACE.name))
        self._places = threading.BoundedSemaphore(CONNECTIONS)
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)

    def open(self) -> None:
        """Listen from now on, in a thread. Raise OSError."""
        self._path.unlink(missing_ok=True)  # of a desk that was killed
        before = os.umask(0o777 & ~MODE)
        try:
            self._listener.bind(str(self._path))
        finally:
            os.umask(before)
        self._watching.start()
        self._listener.listen(CONNECTIONS)
        threading.Thread(target=self._accept, daemon=True).start()

    def answers(self) -> bool:
        """Tell whether a question that comes in by the socket is answered."""
        try:
            ask(self._path, Look(), Standing, A_QUESTION)
        except (DeskSilent, DeskRefused) as error:
            log.warning("this desk does not answer itself: %s", error)
            return False
        return True

    def close(self) -> None:
        """Listen no more."""
        self._watching.stop()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._path.unlink(missing_ok=True)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:  # closed
                return
            if self._places.acquire(blocking=False):
                threading.Thread(target=self._talk, args=(connection,), daemon=True).start()
            else:
                connection.close()  # the screen says that nobody answers, and asks again

    def _talk(self, connection: socket.socket) -> None:
        try:
            with connection, contextlib.suppress(OSError):  # the other end may go at any time
                connection.settimeout(A_QUESTION)
                user = user_of(connection)
                if user not in self._users:
                    log.warning("refused a process of user %d", user)
                    return
                question = read_line(connection)
                connection.settimeout(A_QUESTION)
                connection.sendall(self._answer(question))
        finally:
            self._places.release()

    def _answer(self, line: bytes) -> bytes:
        language = "en"
        try:
            question: Question = unpack(line, Question)
            language = question.language if question.language in LANGUAGES else language
            if isinstance(question, Look):
                return reply(self._watching.told(language))
            return reply(do(self._appliance, question, language))
        except msgspec.MsgspecError:
            return reply(_failure(NotUnderstood(), language))
        except TenshuError as error:
            return reply(_failure(error, language))
        except Exception:  # the last door: the screen gets a number, the log the rest
            incident = new_incident()
            log.exception("not foreseen", extra={"incident": incident})
            text = mark("Something went wrong inside the appliance (incident {incident}).")
            message = translate(language, text, incident=incident)
            return reply(Failure(code="internal", message=message))


def _failure(error: TenshuError, language: str) -> Failure:
    message, hint = explain(language, error)
    return Failure(code=error.code, message=message, hint=hint)


def user_of(connection: socket.socket) -> int:
    """Return whose process opened a connection, as the kernel knows it (unix(7))."""
    size = struct.calcsize("3i")
    _, user, _ = struct.unpack(
        "3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size)
    )
    return int(user)


def _users() -> frozenset[int]:
    named = [name for name in os.environ.get(USERS, "").split(",") if name]
    return frozenset({os.geteuid(), *(pwd.getpwnam(name).pw_uid for name in named)})


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    die_with_parent()
    configure_logging("screen")
    settings, ending = load_settings(), Stop()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ending.set())
    database = Database(settings.database_url)
    desk = Desk(Appliance(settings, database, KeyRing.load(settings.keys)), where(), _users())
    desk.open()
    while not ending.wait(watchdog.pause(LOOK_AFTER)):
        if desk.answers():
            watchdog.beat()
    desk.close()
    database.close()


if __name__ == "__main__":
    main()
