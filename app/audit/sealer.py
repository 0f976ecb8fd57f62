"""The sealer: takes events out of the outbox, seals them, and empties the outbox behind itself.

Rules
-----
1. An event gets its position when it is sealed: what is visible in the outbox is taken in the
   order of its identifiers. A transaction that commits late is sealed late, never skipped.
2. The outbox is emptied only after the store has the events on disk.
3. Whatever is in the store already is not sealed again, so a kill between any two steps costs
   nothing and repeats nothing.
4. The outbox is emptied in one transaction with the renewal of the lease.
"""

import hashlib
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from sqlalchemy import delete, select
from sqlmodel import Session, col

from app.audit.durable import remove_durably
from app.audit.epoch import SIGNAL_NAME, Restored, describe_epoch, read_signal
from app.audit.erasure import describe_erasure, missing_erasures, read_erasures
from app.audit.event import Draft, Event, seal_draft
from app.audit.intake import unsealed
from app.audit.lease import RENEW_AFTER, end_lease, lock_folder, renew_lease, take_lease
from app.audit.ledger import AtStep, Ledger
from app.audit.models import OutboxEvent
from app.audit.segments import Made, describe_segment
from app.audit.signing import Signer
from app.audit.store import reading
from app.core import clock
from app.core.database import Database

BATCH: Final = 2_000
"""Events in one transaction of the store; a few megabytes."""
PUBLISH_SECONDS: Final = 60.0
BEGIN: Final = "audit.begin"


class Sealer:
    """One sealer at work on one database and one store."""

    def __init__(
        self,
        database: Database,
        data: Path,
        folder: Path,
        signer: Signer,
        *,
        machine: str,
        at_step: AtStep = lambda _: None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Lock, take the lease, open the store in `folder`, open a declared epoch.

        `data` is the folder where a restore leaves its signal. Raise SealerRunning,
        StoreUnreadable, StoreTampered, StoreUnwritable or SigningKeyForeign.
        """
        self._database, self._data, self._machine = database, data, machine
        self._at_step, self._monotonic = at_step, monotonic
        place = hashlib.sha256(str(folder.absolute()).encode()).hexdigest()[:12]
        self._holder = f"{machine}:{place}"
        self._lock = lock_folder(folder)
        try:
            take_lease(database, self._holder)
            self._ledger = Ledger(folder, signer, at_step)
        except BaseException:
            os.close(self._lock)
            raise
        try:
            self._begin(signer)
        except BaseException:
            self.abandon()
            raise
        self._renewed_at = self._published_at = self._monotonic()

    def turn(self) -> int:
        """Seal what is in the outbox; return how many rows were taken out of it.

        Raise what `Database.write` and `Ledger.seal` raise; then nothing was lost, and the next
        turn tries again.
        """
        rows = self._rows()
        if rows:
            self._seal(rows)
            self._empty([row.id for row in rows])
        elif self._monotonic() - self._renewed_at >= RENEW_AFTER / clock.SECOND:
            self._empty([])
        self._ledger.clear_log()
        if self._monotonic() - self._published_at >= PUBLISH_SECONDS:
            self.publish()
        return len(rows)

    @property
    def size(self) -> int:
        """Number of sealed events."""
        return self._ledger.size

    def tell_segment(self, made: Made) -> None:
        """Seal the event that tells of a segment. Raise what `Ledger.seal` raises."""
        draft = self._draft("")
        describe_segment(draft, made)
        self._ledger.seal([seal_draft(draft)])

    def newest(self, verb: str) -> int:
        """Return the position of the newest sealed event of this verb; -1 for none."""
        return self._ledger.newest(verb)

    def publish(self) -> None:
        """Write the newest checkpoint into the log, if the tree grew since the last."""
        self._ledger.publish()
        self._published_at = self._monotonic()

    def close(self) -> None:
        """Publish, give up the lease, close the store."""
        try:
            self.publish()
            end_lease(self._database, self._holder)
        finally:
            self.abandon()

    def abandon(self) -> None:
        """Close the store and unlock it, nothing more; the lease runs out by itself."""
        self._ledger.close()
        os.close(self._lock)

    def _rows(self) -> list[OutboxEvent]:
        columns = select(col(OutboxEvent.id), col(OutboxEvent.content), col(OutboxEvent.parts))
        with self._database.read() as session:
            found = session.connection().execute(columns.order_by(col(OutboxEvent.id)).limit(BATCH))
            rows = [OutboxEvent(id=row.id, content=row.content, parts=row.parts) for row in found]
        self._at_step("read")
        return rows

    def _seal(self, rows: list[OutboxEvent]) -> None:
        fresh, conflicts = unsealed(
            rows, self._ledger.sealed([row.id for row in rows]), self._machine
        )
        # what is malformed has an identifier of its own: it may be sealed since the last kill
        events = {event.id: event for event in (*fresh, *conflicts)}
        for identifier in self._ledger.sealed(list(events)):
            del events[identifier]
        if events:
            self._ledger.seal(list(events.values()))

    def _empty(self, identifiers: Sequence[str]) -> None:
        def work(session: Session) -> None:
            renew_lease(session, self._holder)
            for start in range(0, len(identifiers), 500):
                some = identifiers[start : start + 500]
                session.connection().execute(
                    delete(OutboxEvent).where(col(OutboxEvent.id).in_(some))
                )
            self._at_step("emptying")

        self._database.change(work)
        self._renewed_at = self._monotonic()
        self._at_step("emptied")

    def _begin(self, signer: Signer) -> None:
        """Seal what the sealer itself has to tell before it takes anything out of the outbox."""
        if self._ledger.is_new:
            draft = self._draft(BEGIN)
            draft.references["key"] = str(signer.verifier)
            self._ledger.seal([seal_draft(draft)])
            self._ledger.publish()
        signal = read_signal(self._data)
        if signal is not None:
            self._open_epoch(*signal)
            self._at_step("epoch opened")
            remove_durably(self._data / SIGNAL_NAME)
        self._ledger.require_own_key()

    def _open_epoch(self, restored: Restored, identifier: str) -> None:
        # a restore may have come without the old key: the new one begins with the epoch
        keys = self._ledger.keys
        self._ledger.accept_own_key()
        if self._ledger.sealed([identifier]):
            return
        draft = self._draft("")
        describe_epoch(draft, restored, self._ledger.epoch, keys)
        with reading(self._ledger.folder) as connection:
            again = missing_erasures(restored.erasures, read_erasures(connection))
        events: list[Event] = [seal_draft(draft, identifier)]
        for erasure in again:
            repeated = self._draft("")
            describe_erasure(
                repeated, erasure.basis, subject=erasure.subject, before=erasure.before
            )
            repeated.references["repeats"] = erasure.repeats or erasure.event
            repeated.references["by"] = erasure.by
            events.append(seal_draft(repeated))
        self._ledger.seal(events, epoch=draft.numbers["epoch"])
        self._ledger.publish()

    def _draft(self, verb: str) -> Draft:
        return Draft(verb=verb, at=clock.now(), actor="system", machine=self._machine)
