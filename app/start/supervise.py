"""The supervisor: this process starts the others, starts them again, and takes them along.

supervisord with four changes: a child dies with the supervisor (a killed supervisor leaves no
orphan), a closed terminal means stop (it would mean reload), the lock on the data folder stays
with this process alone, and what all processes run on is loaded here once.
"""

import contextlib
import os
import signal
import sys
from pathlib import Path
from typing import Final

from supervisor.medusa import asyncore_25 as asyncore  # type: ignore[import-untyped]
from supervisor.options import ServerOptions  # type: ignore[import-untyped]
from supervisor.supervisord import Supervisor  # type: ignore[import-untyped]

from app.core import data_folder, lifeline
from app.start import forked, hand_over, programs

INTERRUPTED: Final = 130


class Options(ServerOptions):  # type: ignore[misc]  # supervisor is untyped
    """supervisord's options and its doors to the operating system."""

    loaded = False
    """Whether the programs' code stands in this process, to be forked."""

    def setpgrp(self) -> None:
        """Run in the child between fork and exec: the kernel keeps the request over the exec."""
        super().setpgrp()
        lifeline.die_with_parent()

    def get_signal(self) -> int | None:
        """Return the next signal; a hang-up of the terminal stops the appliance."""
        received: int | None = super().get_signal()
        return signal.SIGTERM if received == signal.SIGHUP else received

    def execve(self, filename: str, argv: list[str], env: dict[str, str]) -> None:
        """Become the program: by what is loaded, or anew."""
        program = programs.named(env["SUPERVISOR_PROCESS_NAME"])
        if self.loaded and program.loads:
            forked.run(program, env)
        super().execve(filename, argv, env)


def supervise(data: Path, child: int) -> int:
    """Run the programs until this process is told to stop; return the exit code.

    `child` is the descriptor by which the one that prepares `data` hands it over; where it fails,
    its exit code is the supervisor's.
    """
    lifeline.announce_parent()
    options = Options()
    try:
        # with a role for each process, none may find in its memory what another one holds
        options.loaded = "TENSHU_DATABASE_URL" in os.environ
        if options.loaded:
            forked.load()
        lock = hand_over.receive(child)
    except KeyboardInterrupt:
        return INTERRUPTED
    if lock is None:
        return hand_over.exit_code_of_child()
    data_folder.sign(lock)
    os.chdir(data)
    options.realize(args=["-c", str(data / "run" / programs.CONFIGURATION)])
    options.first, options.test = True, False
    with contextlib.suppress(asyncore.ExitNow):  # how supervisord says that all have stopped
        Supervisor(options).main()
    options.close_httpservers()
    options.close_logger()
    return 0


if __name__ == "__main__":
    os.umask(0o077)
    sys.exit(supervise(Path(sys.argv[1]), int(sys.argv[2])))
