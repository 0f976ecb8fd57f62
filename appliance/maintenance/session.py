"""One session, recorded: `python -m appliance.maintenance.session`.

Stands between the person's terminal, which sshd's side has handed over, and a terminal of its own
in which the prompt runs. Nothing is shown that was not written down before, and nothing that was
typed is passed on; where writing fails, the session ends. It runs as root in a session of its own:
the person's user can neither stop nor change it, and it watches the clock even where the agent has
died.
"""

import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time
import tty
from collections.abc import Iterator
from typing import Final

import msgspec

from appliance.contract.maintenance.state import Ending, Happening, Session, What, Window
from appliance.log import configure_logging
from appliance.maintenance.recording import NotRecorded, Recording, RecordingFull
from appliance.maintenance.rooms import Rooms
from appliance.place import load_place
from appliance.records import now

LOOKS: Final = 0.25
"""Seconds between two looks at the window: how late a session ends that was closed."""
CHUNK: Final = 1 << 15
FAREWELLS: Final = {
    Ending.clock: "The time of the maintenance window is over. / 保守の時間枠が終了しました。",
    Ending.click: "The maintenance window was closed. / 保守の時間枠が閉じられました。",
    Ending.not_recorded: "What is done here cannot be recorded. / 記録できないため終了します。",
    Ending.too_long: "The recording has become too long. / 記録が長すぎるため終了します。",
}


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """What the agent tells a session that it starts."""

    window: int
    session: str
    source: str
    command: str
    control: int
    """Descriptor of the connection to the door: it closes when the person goes."""
    reading: int
    writing: int


class Recorded:
    """The session while it goes on."""

    def __init__(self, rooms: Rooms, job: Job, window: Window) -> None:
        self._rooms, self._job, self._window = rooms, job, window
        self._size = b""
        self._looked = 0.0

    def run(self, recording: Recording) -> tuple[Ending, int]:
        """Return why it ended, and the code that the prompt ended with."""
        child, master = pty.fork()
        if not child:
            self._become_prompt()
        ending = Ending.gone
        try:
            ending = self._pass_on(recording, master)
        except RecordingFull:
            ending = Ending.too_long
        except NotRecorded:
            ending = Ending.not_recorded
        except OSError:  # the prompt is gone
            ending = Ending.gone
        finally:
            os.close(master)  # hangs up: the prompt and what it runs get SIGHUP
            code = _reap(child)
        return ending, code

    def _become_prompt(self) -> None:
        words = [sys.executable, "-P", "-m", "appliance.maintenance.prompt"]
        words += [str(self._job.window), self._job.session, self._job.command]
        with contextlib.suppress(OSError):
            os.execv(sys.executable, words)  # noqa: S606 - our own module
        os._exit(126)

    def _pass_on(self, recording: Recording, master: int) -> Ending:
        control, reading = self._job.control, self._job.reading
        sources = [master, control, reading]
        while True:
            ready, _, _ = select.select(sources, [], [], LOOKS)
            if self._is_time_to_look():
                over = self._rooms.book.why_over(self._job.window)
                if over is not Ending.none:
                    return over
                self._resize(master)
                recording.keep()
            if master in ready:
                data = _read(master)
                if not data:
                    return Ending.gone
                recording.shown(data)
                if not self._show(data):
                    return Ending.gone
            if control in ready and not _read(control):
                return Ending.gone
            if reading in ready:
                data = _read(reading)
                if data:
                    recording.typed(data)
                    os.write(master, data)
                else:
                    sources.remove(reading)  # the other side has nothing more to say
                    os.write(master, b"\x04")

    def _is_time_to_look(self) -> bool:
        at = time.monotonic()
        if at - self._looked < LOOKS:
            return False
        self._looked = at
        return True

    def _show(self, data: bytes) -> bool:
        """Tell whether the person's side took it; whoever lets it wait is waited for a while."""
        rest = memoryview(data)
        with contextlib.suppress(OSError):
            while rest:
                _, ready, _ = select.select([], [self._job.writing], [], LOOKS)
                if ready:
                    rest = rest[os.write(self._job.writing, rest[:512]) :]
                elif self._rooms.book.why_over(self._job.window) is not Ending.none:
                    return True
            return True
        return False

    def _resize(self, master: int) -> None:
        with contextlib.suppress(OSError):
            size = fcntl.ioctl(self._job.reading, termios.TIOCGWINSZ, b"\0" * 8)
            if size != self._size:
                self._size = size
                fcntl.ioctl(master, termios.TIOCSWINSZ, size)


def _read(handle: int) -> bytes:
    try:
        return os.read(handle, CHUNK)
    except OSError:  # a terminal whose other side is gone says EIO
        return b""


def _reap(child: int) -> int:
    deadline = time.monotonic() + 1.0
    while time.monotonic() < deadline:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.02)
    os.kill(child, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@contextlib.contextmanager
def _raw(handle: int) -> Iterator[None]:
    """Let the person's terminal pass on every key as it is, and put it right again."""
    if not os.isatty(handle):
        yield
        return
    before = termios.tcgetattr(handle)
    tty.setraw(handle)
    try:
        yield
    finally:
        with contextlib.suppress(OSError, termios.error):
            termios.tcsetattr(handle, termios.TCSADRAIN, before)


def _size_of(handle: int) -> tuple[int, int]:
    with contextlib.suppress(OSError):
        rows, columns = struct.unpack("4H", fcntl.ioctl(handle, termios.TIOCGWINSZ, b"\0" * 8))[:2]
        if rows and columns:
            return columns, rows
    return 80, 24


def serve(rooms: Rooms, job: Job) -> int:
    """Let the session happen; return its exit code."""
    window = rooms.book.read(job.window)
    session = Session(
        id=job.session, window=job.window, level=window.level, began_at=now(), source=job.source
    )
    happening = Happening(
        at=session.began_at, what=What.session_began, window=window.number, who=window.who,
        session=session.id, source=session.source,
    )  # fmt: skip
    ending, code, recording = Ending.not_recorded, 1, None
    try:
        title = f"window {window.number}, {window.level.value}"
        path = rooms.book.recording(job.window, job.session)
        recording = Recording(path, title, *_size_of(job.reading))
        rooms.book.keep_session(session)
        rooms.journal.append(happening)
        with _raw(job.reading):
            ending, code = Recorded(rooms, job, window).run(recording)
    except (OSError, NotRecorded):
        ending = Ending.not_recorded
    if farewell := FAREWELLS.get(ending):
        with contextlib.suppress(OSError):
            os.set_blocking(job.writing, False)
            os.write(job.writing, f"\r\n{farewell}\r\n".encode())
    _end(rooms, session, happening, recording, ending)
    with contextlib.suppress(OSError):
        os.write(job.control, bytes([code & 0xFF if code >= 0 else 1]))
    return 0


def _end(
    rooms: Rooms,
    session: Session,
    began: Happening,
    recording: Recording | None,
    ending: Ending,
) -> None:
    """Write down how it ended. On a full disk the agent does so later, when there is room."""
    with contextlib.suppress(OSError):
        digest = recording.end() if recording else ""
        count = recording.bytes if recording else 0
        at = now()
        ended = msgspec.structs.replace(
            session, ended=ending, ended_at=at, digest=digest, bytes=count
        )
        rooms.journal.append(
            msgspec.structs.replace(
                began, at=at, what=What.session_ended, ended=ending, digest=digest, bytes=count
            )
        )
        rooms.book.keep_session(ended)


def main(job: str) -> int:
    """Serve the one session that the agent tells of."""
    configure_logging("maintenance")
    return serve(Rooms(load_place()), msgspec.json.decode(job, type=Job))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
