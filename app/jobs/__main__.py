"""The worker as a process: `python -m app.jobs`. It dies with the one that started it."""

import logging
import signal

from app.core.database import Database
from app.core.keyring import KeyRing
from app.core.lifeline import die_with_parent
from app.core.settings import load_settings
from app.identity.actors import actor_of
from app.jobs.handlers import load_handlers
from app.jobs.worker import Worker
from app.operations.context import Appliance


def main() -> None:
    """Serve until SIGTERM or SIGINT; then end after the batches that run."""
    die_with_parent()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    settings = load_settings()
    database = Database(settings.database_url)
    load_handlers()
    worker = Worker(Appliance(settings, database, KeyRing.load(settings.keys)), actor_of)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: worker.stop())
    worker.serve()
    database.close()


if __name__ == "__main__":
    main()
