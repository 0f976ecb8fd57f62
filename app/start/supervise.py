"""The supervisor: this process starts the others, starts them again, and takes them along.

supervisord with three changes: a child dies with the supervisor (a killed supervisor leaves no
orphan), a closed terminal means stop (it would mean reload), and the lock on the data folder stays
with this process alone.
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

from app.core import lifeline

MODULE: Final = "app.start.supervise"


class Options(ServerOptions):  # type: ignore[misc]  # supervisor is untyped
    """supervisord's options and its doors to the operating system."""

    def setpgrp(self) -> None:
        """Run in the child between fork and exec: the kernel keeps the request over the exec."""
        super().setpgrp()
        lifeline.die_with_parent()

    def get_signal(self) -> int | None:
        """Return the next signal; a hang-up of the terminal stops the appliance."""
        received: int | None = super().get_signal()
        return signal.SIGTERM if received == signal.SIGHUP else received


def supervise(configuration: Path) -> None:
    """Run the programs of `configuration` until this process is told to stop."""
    lifeline.announce_parent()
    options = Options()
    options.realize(args=["-c", str(configuration)])
    options.first, options.test = True, False
    with contextlib.suppress(asyncore.ExitNow):  # how supervisord says that all have stopped
        Supervisor(options).main()
    options.close_httpservers()
    options.close_logger()


if __name__ == "__main__":
    os.umask(0o077)
    supervise(Path(sys.argv[1]))
