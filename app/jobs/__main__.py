"""The worker as a process: `python -m app.jobs`. It dies with the one that started it."""

import signal
import threading
import time
from typing import Final

from app.core.database import Database
from app.core.keyring import KeyRing
from app.core.lifeline import die_with_parent
from app.core.log import configure_logging
from app.core.settings import load_settings
from app.identity.actors import actor_of
from app.jobs.handlers import load_handlers
from app.jobs.standing import start_standing
from app.jobs.worker import Worker
from app.operations.context import Appliance

PATIENCE: Final = 3.0
"""Seconds that standing work gets to come to an end."""


def main() -> None:
    """Serve until SIGTERM or SIGINT; then end after the batches that run."""
    die_with_parent()
    configure_logging("worker")
    settings = load_settings()
    database = Database(settings.database_url)
    load_handlers()
    appliance = Appliance(settings, database, KeyRing.load(settings.keys))
    worker, ending = Worker(appliance, actor_of), threading.Event()

    def stop(*_: object) -> None:
        worker.stop()
        ending.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    beside = start_standing(appliance, ending)
    worker.serve()
    until = time.monotonic() + PATIENCE
    for thread in beside:
        thread.join(max(0, until - time.monotonic()))
    database.close()


if __name__ == "__main__":
    main()
