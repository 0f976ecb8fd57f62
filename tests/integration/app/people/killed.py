"""Work on people that is killed at its n-th statement or commit, as often as asked.

One process imports everything once and reads lines `FOLDER TASK PART AT` from its standard input:
what lives it does itself, and so has every statement ready; for what dies it forks a child. It
answers with the end (0, or -9 for a kill) and how far that came.
"""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from argon2 import PasswordHasher
from sqlalchemy import event

from app.core.database import Database
from app.core.keyring import KeyRing
from app.core.settings import load_settings
from app.identity import passwords
from app.identity.actors import actor_of
from app.identity.holdings import all_holdings
from app.jobs.handlers import load_handlers
from app.jobs.queue import release_dead
from app.jobs.worker import Worker
from app.leaving.watch import Night
from app.operations.context import Appliance
from app.people import running
from tests.integration import killing

NEVER: Final = 0
"""Killed at no step at all."""


class Killer(killing.Killer):
    """The process that forks, as a test sees it."""

    def __init__(self) -> None:
        super().__init__(__spec__.name)

    def run(self, folder: Path, task: str, part: int, at: int = NEVER) -> tuple[bool, int]:
        """Run a task that dies at a step; tell whether it lived, and by how many steps it came."""
        lived, steps = self.ask(folder, task, part, at)
        return lived, int(steps)


def open_appliance(folder: Path) -> Appliance:
    """Open the appliance that lies in a folder; its clock, files and keys are its own."""
    settings = load_settings({"TENSHU_DATA": str(folder / "data"), "TENSHU_RESERVE": "0"})
    database = Database(settings.database_url)
    return Appliance(settings, database, KeyRing.load(settings.keys), machine="test")


def import_list(appliance: Appliance, part: int) -> None:
    """Do what a worker does that starts after a kill."""
    running.PART = part  # type: ignore[misc]  # of this child alone
    release_dead(appliance.database, appliance.machine)
    Worker(appliance, actor_of).work_once()


def end_the_day(appliance: Appliance, part: int) -> None:
    """Do the night's work of leaving."""
    Night(appliance).look()


TASKS: Final[dict[str, Callable[[Appliance, int], None]]] = {
    "import": import_list,
    "night": end_the_day,
}


def work(folder: Path, task: str, part: int, at: int, steps: int) -> int:
    """Do a task until its end, or until the step at which to die; return 0."""
    appliance = open_appliance(folder)
    came = 0

    def step(*_: Any) -> None:
        nonlocal came
        came += 1
        os.pwrite(steps, str(came).encode(), 0)
        if came == at:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(appliance.database.engine, "before_cursor_execute", step)
    event.listen(appliance.database.engine, "commit", step)
    TASKS[task](appliance, part)
    appliance.database.close()
    return 0


def in_a_child(*told: Any) -> int:
    """Do a task in a fork, which is safe: nothing else runs here. Return how it ended."""
    child = os.fork()
    if child == 0:
        os._exit(work(*told))
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def main() -> None:
    """Do what each line says."""
    load_handlers()
    all_holdings()
    passwords.HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    steps = os.memfd_create("steps")
    for line in sys.stdin:
        folder, task, part, at = line.split()
        os.ftruncate(steps, 0)
        told = (Path(folder), task, int(part), int(at), steps)
        end = work(*told) if int(at) == NEVER else in_a_child(*told)
        came = os.pread(steps, 20, 0).decode() or "0"
        sys.stdout.write(f"{end} {came}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
