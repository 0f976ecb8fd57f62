"""Shipping: what a destination does not have yet is sent, in order, and noted once it has arrived.

The history is its own buffer: a destination that is away for an hour finds everything behind its
mark. A kill between arrival and note sends a batch again: each event arrives at least once, and
bears its position.
"""

import logging
import threading
from collections.abc import Callable
from typing import Final

import msgspec

from app.audit.event import Source
from app.audit.following import Head, follow, head_of
from app.core import clock
from app.core.errors import TenshuError
from app.offsite import progress, receiver
from app.offsite.client_certificate import with_key
from app.offsite.errors import EventsMissing, HistoryShorter
from app.offsite.folder import put_checkpoint
from app.offsite.kinds import CheckpointFolder, Kind, SyslogReceiver
from app.offsite.operations.noting import Failed, Recovered, failed, recovered
from app.offsite.progress import Standing
from app.offsite.telling import Teller
from app.operations.context import SYSTEM, Appliance, Context, Plane

BATCH: Final = 1_000
"""Events over one connection, while all goes well."""
SMALLEST_BATCH: Final = 10
CHECKPOINT_EVERY: Final = clock.MINUTE

IsStopping = Callable[[], bool]

_log = logging.getLogger("tenshu.offsite")


class Shippers:
    """A thread for each destination that has something to get: one that hangs hangs alone."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._busy: dict[str, threading.Thread] = {}

    def turn(self, appliance: Appliance, is_stopping: IsStopping = lambda: False) -> None:
        """Let every destination that is due get what it does not have yet; wait for none."""
        with appliance.database.read() as session:
            found = progress.all_standing(session)
        head = head_of(appliance.settings.sealed_store) if found else Head()
        for one in found:
            if wants(one, head, clock.now()):
                self._begin(appliance, one.id, is_stopping)

    def wait(self, seconds: float) -> bool:
        """Wait for those at work; tell whether they have ended."""
        with self._lock:
            busy = list(self._busy.values())
        for thread in busy:
            thread.join(seconds)
        return not any(thread.is_alive() for thread in busy)

    def _begin(self, appliance: Appliance, identifier: str, is_stopping: IsStopping) -> None:
        with self._lock:
            before = self._busy.get(identifier)
            if before and before.is_alive():
                return
            # a daemon: one that hangs outside does not keep the process from ending
            thread = self._busy[identifier] = threading.Thread(
                target=_ship_logged,
                args=(appliance, identifier, is_stopping),
                name=f"offsite-{identifier}",
                daemon=True,
            )
        thread.start()


def wants(one: Standing, head: Head, now: int) -> bool:
    """Tell whether a destination is to be sent something now."""
    if one.kind is Kind.MAIL or not head.size or not progress.is_due(one, now):
        return False
    lacks_events = one.kind is Kind.SYSLOG and one.position != head.size
    return lacks_events or _checkpoint_is_due(one, head, now)


def _checkpoint_is_due(one: Standing, head: Head, now: int) -> bool:
    return one.checkpoint != head.size and not 0 <= now - one.checkpoint_at < CHECKPOINT_EVERY


def _ship_logged(appliance: Appliance, identifier: str, is_stopping: IsStopping) -> None:
    try:
        ship(appliance, identifier, is_stopping)
    except Exception:  # noqa: BLE001 - a database that is away, say: the next turn tries again
        _log.exception("shipping to %s failed", identifier)


def ship(appliance: Appliance, identifier: str, is_stopping: IsStopping = lambda: False) -> None:
    """Send a destination all that it does not have yet; note how that ended."""
    one: Standing | None = None
    try:
        while not is_stopping():
            with appliance.database.read() as session:
                one = progress.one_standing(session, identifier)
            head = head_of(appliance.settings.sealed_store)
            if one is None or not wants(one, head, clock.now()):
                break
            if not ship_once(appliance, one, head):
                break
    except TenshuError as error:
        if one is None:
            raise
        note_failure(appliance, one, error)


def ship_once(appliance: Appliance, one: Standing, head: Head) -> bool:
    """Send one batch, or one checkpoint; tell whether it could be noted. Raise what stops it."""
    if max(one.position, one.checkpoint) > head.size:
        raise HistoryShorter(sent=max(one.position, one.checkpoint), have=head.size)
    if isinstance(one.target, SyslogReceiver):
        position, checkpoint = _ship_events(appliance, one, one.target, head)
    else:
        assert isinstance(one.target, CheckpointFolder)  # noqa: S101 - `wants` knows no other
        put_checkpoint(one.target.path, head, clock.now())
        position, checkpoint = head.size, head.size
    return note_arrival(appliance, one, position=position, checkpoint=checkpoint)


def _ship_events(
    appliance: Appliance, one: Standing, target: SyslogReceiver, head: Head
) -> tuple[int, int]:
    """Send the next events, and behind the last of them the checkpoint; return the new marks."""
    # whoever did not take a batch in time gets a smaller one: a slow line goes on too
    limit = max(BATCH >> min(one.attempts, 10), SMALLEST_BATCH)
    events = follow(appliance.settings.sealed_store, one.position, limit)
    if not events and one.position < head.size:
        raise EventsMissing(position=one.position, size=head.size)
    teller = Teller(target, appliance.machine, head.history)
    frames = [teller.event(event) for event in events]
    position = events[-1].position + 1 if events else one.position
    checkpoint, now = one.checkpoint, clock.now()
    if position >= head.size and _checkpoint_is_due(one, head, now):
        frames.append(teller.checkpoint(head, now))
        checkpoint = head.size
    receiver.send(with_key(appliance.keyring, one, target), frames)
    return position, checkpoint


def note_arrival(appliance: Appliance, one: Standing, *, position: int, checkpoint: int) -> bool:
    """Note that something has arrived; in the history too where it had failed before."""
    now = clock.now()
    got: dict[str, int | str] = {
        "position": position,
        "checkpoint": checkpoint,
        "checkpoint_at": now if checkpoint != one.checkpoint else one.checkpoint_at,
        "arrived_at": now,
        "tried_at": now,
        **progress.WELL,
    }
    if one.failing_since:
        return recovered(system_of(appliance), Recovered(seen=one.seen, got=got)).held
    return progress.note(appliance, one.seen, got)


def note_failure(appliance: Appliance, one: Standing, error: TenshuError) -> bool:
    """Note what stopped a destination; the first time in the history too."""
    now = clock.now()
    got: dict[str, int | str] = {
        "tried_at": now,
        "attempts": one.attempts + 1,
        "not_before": now + progress.pause_after(one.attempts + 1),
        "failing_since": one.failing_since or now,
        "error": error.code,
        "error_parameters": msgspec.json.encode(progress.told(error)).decode(),
    }
    if not one.failing_since:
        return failed(system_of(appliance), Failed(seen=one.seen, got=got)).held
    return progress.note(appliance, one.seen, got)


def system_of(appliance: Appliance) -> Context:
    """Return the appliance itself as who asks."""
    return Context(appliance, actor=SYSTEM, source=Source(peer="local"), plane=Plane.LOCAL)
