"""The process `python -m app.audit`: the sealer, until it is told to stop."""

import contextlib
import logging
import signal
import socket
import sys
from collections.abc import Callable
from functools import partial

from app.audit import erasure
from app.audit.errors import SealerRunning, StoreTampered, StoreUnwritable
from app.audit.inspect_once import inspect_once
from app.audit.inspection import VERB, read_inspection
from app.audit.sealer import Sealer
from app.audit.segmenting import Segmenter
from app.audit.signing import Signer, load_or_make_signer
from app.audit.verdict import State
from app.audit.watch import Watch
from app.core import reserve
from app.core.database import Database
from app.core.database_errors import ChangeCollided, DatabaseBusy, DatabaseUnavailable, DiskFull
from app.core.errors import TenshuError
from app.core.log import configure_logging
from app.core.reserve import ReserveSpent
from app.core.settings import Settings, load_settings
from app.core.stopping import Stop
from appliance.contract import watchdog

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


def seal_until(
    stop: Stop,
    sealer: Sealer,
    has_room: Callable[[], bool] = lambda: True,
    look_after: Callable[[], None] = lambda: None,
) -> None:
    """Seal until told to stop. Problems are logged when they begin and when they end.

    `has_room` is asked before each turn: where the database would end for want of space, the
    history waits. As no other process it looks twice a second, also while nobody does anything.
    `look_after` is called behind each turn.
    """
    problem = ""
    while not stop.is_set():
        taken = 0
        watchdog.beat()
        try:
            if not has_room():
                raise ReserveSpent
            taken = sealer.turn()
            look_after()
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


def _start(database: Database, settings: Settings, signer: Signer, machine: str) -> Sealer:
    """Start sealing. Where the store was altered, let the pages name what is wrong with it."""
    folder = settings.sealed_store
    try:
        return Sealer(database, settings.data, folder, signer, machine=machine)
    except StoreTampered:
        latest = read_inspection(folder).latest
        if latest is None or latest.state is State.WHOLE:
            inspect_once(folder, str(signer.verifier))
        raise


def run(settings: Settings, machine: str) -> int:
    """Run the sealer of these settings; return the exit code."""
    stop = Stop()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    database = Database(settings.database_url)
    try:
        signer = load_or_make_signer(settings.keys / "audit-signing.key")
        sealer = _start(database, settings, signer, machine)
        log.info("sealing into %s", settings.sealed_store)
        has_room = partial(reserve.keep_server_alive, settings)
        folder = settings.sealed_store
        with (
            contextlib.closing(Watch(folder, signer.verifier)) as watch,
            contextlib.closing(Segmenter(folder, sealer.tell_segment)) as segmenter,
        ):

            def look_after() -> None:
                watch.turn(sealer.newest(VERB))
                segmenter.turn(sealer.size, sealer.newest(erasure.VERB))

            seal_until(stop, sealer, has_room, look_after)
        sealer.close()
    except TenshuError as error:
        log.error("%s: %s", error.code, error)  # noqa: TRY400 - a person reads this, not a traceback
        return 75 if isinstance(error, SealerRunning) else 1  # EX_TEMPFAIL: worth another try
    finally:
        database.close()
    return 0


def main() -> int:
    """Run the sealer of this process's settings; return the exit code."""
    configure_logging("sealer")
    return run(load_settings(), socket.gethostname())


if __name__ == "__main__":
    sys.exit(main())
