"""The look after the edge: nginx tells systemd nothing, so the agent asks whether it serves.

Whoever hangs for two minutes on end is killed, and systemd starts another one. While it starts,
stops or is not wanted nobody asks. A machine that is starved answers once in two minutes.
"""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from appliance.contract.faults.state import FaultKind, MachineFault
from appliance.machine.probing import edge_generation
from appliance.machine.programs import ask

UNIT: Final = "tenshu-edge.service"
SECONDS: Final = "TENSHU_EDGE_HUNG"
"""Variable that says after how many seconds it is taken for dead."""
USUAL: Final = 120.0
PAUSE: Final = 10.0
"""Seconds between two looks, at least."""
STOPPED: Final = "Tt"
"""States of a process that runs no further (proc_pid_stat(5))."""
PROCESSES: Final = Path("/proc")


class EdgeLook:
    """Looks at one edge."""

    def __init__(
        self,
        run: Path,
        told: Callable[..., str] = ask,
        processes: Path = PROCESSES,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._run, self._told, self._processes, self._clock = run, told, processes, clock
        self._patience = float(os.environ.get(SECONDS) or USUAL)
        self._good_at = self._looked_at = clock()
        self._main = 0

    def look(self) -> MachineFault | None:
        """Ask, where it is time to; kill what hangs, and return what hung. Raise ProgramRefused."""
        now = self._clock()
        if now - self._looked_at < min(PAUSE, self._patience / 4):
            return None
        self._looked_at = now
        main = self._running()
        hangs = self._hangs(main) if main else ""
        if main != self._main or not hangs:
            self._main, self._good_at = main, now
            return None
        if now - self._good_at < self._patience:
            return None
        self._told("systemctl", "kill", "--signal=KILL", UNIT)
        self._good_at = now
        return MachineFault(kind=FaultKind.edge_hung, subject=hangs)

    def _running(self) -> int:
        """Return the number of its first process; 0 while it does not run as it should."""
        words = ("--property=ActiveState", "--property=SubState", "--property=MainPID")
        told = self._told("systemctl", "show", "--value", *words, UNIT).split()
        running = {"active", "running"} <= set(told)
        return next((int(one) for one in told if one.isdigit()), 0) if running else 0

    def _hangs(self, main: int) -> str:
        """Return who does not answer: the first process only waits, so it is seen, not asked."""
        try:
            state = (self._processes / str(main) / "stat").read_text("ascii").rpartition(") ")[2]
        except OSError:
            return ""
        if state[:1] in STOPPED:
            return "the first process"
        return "" if edge_generation(self._run) >= 0 else "those that serve"
