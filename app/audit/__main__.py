"""The process `python -m app.audit`: the sealer, until it is told to stop."""

import logging
import signal
import socket
import sys
import threading

from app.audit.errors import SealerRunning, StoreUnwritable
from app.audit.sealer import Sealer
from app.audit.signing import load_or_make_signer
from app.core.database import ChangeCollided, Database, DatabaseBusy, DatabaseUnavailable, DiskFull
from app.core.errors import TenshuError
from app.core.settings import Settings, load_settings

IDLE_SECONDS = 0.5
"""Pause between two looks at the outbox: an event is sealed within a second."""
PASSING = (
    ChangeCollided,
    DatabaseBusy,
    DatabaseUnavailable,
    DiskFull,
    StoreUnwritable,
    OSError,
)
"""Problems that end by themselves or by an administrator's hand; the sealer waits for it."""

log = logging.getLogger("tenshu.audit")


def seal_until(stop: threading.Event, sealer: Sealer) -> None:
    """Seal until told to stop. Problems are logged when they begin and when they end."""
    problem = ""
    while not stop.is_set():
        taken = 0
        try:
            taken = sealer.turn()
        except PASSING as error:
            if str(error) != problem:
                log.error("the history waits in the outbox: %s", error)  # noqa: TRY400 - expected
            problem = str(error)
        else:
            if problem:
                log.warning("the history is sealed again")
            problem = ""
        if not taken:
            stop.wait(IDLE_SECONDS)


def run(settings: Settings, machine: str) -> int:
    """Run the sealer of these settings; return the exit code."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    database = Database(settings.database_url)
    try:
        signer = load_or_make_signer(settings.keys / "audit-signing.key")
        sealer = Sealer(database, settings.data, settings.sealed_store, signer, machine=machine)
        log.info("sealing into %s", settings.sealed_store)
        seal_until(stop, sealer)
        sealer.close()
    except TenshuError as error:
        log.error("%s: %s", error.code, error)  # noqa: TRY400 - a person reads this, not a traceback
        return 75 if isinstance(error, SealerRunning) else 1  # EX_TEMPFAIL: worth another try
    finally:
        database.close()
    return 0


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s")
    sys.exit(run(load_settings(), socket.gethostname()))
