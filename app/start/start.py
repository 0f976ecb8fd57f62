"""Start one copy of the appliance in the foreground: this process becomes the supervisor.

What takes the time of a start is loading code. So it is done once, by the supervisor, from whom
the processes are forked (`app.start.forked`), and meanwhile a child prepares the data folder. Only
that child ever knows the owner's way into the database; the supervisor gets what it hands over.
"""

import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final, NoReturn

from app.core import lifeline
from app.core.settings import Settings

ROOT: Final = Path(__file__).parents[2]
"""Where the packages lie; the processes find them by this and by nothing else."""
SUPERVISOR: Final = "app.start.supervise"

Say = Callable[[str], None]
"""Told what is being done, as a marked text."""


def start(settings: Settings, *, language: str, as_json: bool, say: Say) -> int:
    """Become the supervisor; what returns is the child that prepares, then announces.

    In the child: raise what `prepare` raises, PortTaken, AddressUnusable or RoleNotAdmitted; then
    nothing runs, and the supervisor ends with the child's exit code.
    """
    ours, theirs = socket.socketpair()
    lifeline.announce_parent()
    sys.stdout.flush()
    sys.stderr.flush()
    if os.fork():
        ours.close()
        _become_supervisor(settings, theirs)
    theirs.close()
    lifeline.die_with_parent()
    from app.start.preparing import prepare_and_announce  # noqa: PLC0415 - the other one loads it

    return prepare_and_announce(settings, ours, language=language, as_json=as_json, say=say)


def _become_supervisor(settings: Settings, handed_over: socket.socket) -> NoReturn:
    # exec: neither memory nor environment tells anything of the owner
    handed_over.set_inheritable(True)
    command = [sys.executable, "-P", "-m", SUPERVISOR]
    command += [str(settings.data), str(handed_over.fileno())]
    os.execve(sys.executable, command, environment(settings))  # noqa: S606 - our own interpreter


def environment(settings: Settings) -> dict[str, str]:
    """Return the environment of supervisor and processes.

    On PostgreSQL nothing in it leads to the owner's connection.
    """
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    found = {
        **kept,
        **settings.environment(),
        "TENSHU_PYTHON": sys.executable,
        "PYTHONPATH": os.pathsep.join(paths),
        "PYTHONUNBUFFERED": "1",
        "SPT_NOENV": "1",  # a process's title (setproctitle) leaves what shows its environment
    }
    if not settings.on_sqlite:
        del found["TENSHU_DATABASE_URL"]
    return found
