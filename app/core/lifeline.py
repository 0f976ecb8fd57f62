"""No orphan serves on: a process that dies with the one that started it.

SIGKILL gives a supervisor or a server's main process no time to stop its children, which would go
on serving old code beside the restarted ones. The kernel does it instead (prctl(2),
PR_SET_PDEATHSIG).
"""

import ctypes
import os
import signal
import sys
from typing import Final

PR_SET_PDEATHSIG: Final = 1
PARENT: Final = "TENSHU_PARENT"


def announce_parent() -> None:
    """Tell processes that this one starts from now on who their parent is."""
    os.environ[PARENT] = str(os.getpid())


def die_with_parent() -> None:
    """Ask the kernel to kill this process when its parent ends.

    If the announced parent is gone already, exit at once: the signal would never come.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    announced = os.environ.get(PARENT)
    if announced and int(announced) != os.getppid():
        sys.exit(1)
