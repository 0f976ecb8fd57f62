"""A real history in a folder: database with outbox, sealer, store. And ways to alter it."""

import shutil
import sqlite3
from pathlib import Path

from sqlmodel import SQLModel

from app.audit.checkpoint import split_notes
from app.audit.epoch import Restored, declare_restore
from app.audit.erasure import describe_erasure
from app.audit.event import Draft, Event, Source
from app.audit.ledger import AtStep, read_keys
from app.audit.models import OutboxEvent, SealerLease
from app.audit.note import VerifierKey
from app.audit.outbox import append
from app.audit.sealer import Sealer
from app.audit.signing import Signer, load_or_make_signer
from app.audit.store import FILE_NAME, LOG_NAME
from app.audit.verdict import Verdict
from app.audit.verify import verify
from app.core.database import Database
from tests.haste import hasten

TABLES = [SQLModel.metadata.tables[each.__tablename__] for each in (OutboxEvent, SealerLease)]


def draft(number: int = 0, **changes: object) -> Draft:
    """An event about the number-th of ten orders, by one of three people."""
    made = Draft(
        verb=f"orders.{('create', 'update', 'remove')[number % 3]}",
        at=1_763_690_000_000 + number * 1_000,
        actor=f"person{number % 3}",
        actor_name="山田 花子",
        source=Source(peer="192.0.2.7", device="Firefox"),
        plane="workspace",
        target_kind="order",
        target=f"order{number % 10}",
        target_name=f"注文 {number}",
        before={"state": "new"},
        after={"state": f"state {number}"},
    )
    for name, value in changes.items():
        setattr(made, name, value)
    return made


class Trail:
    """One appliance's history."""

    def __init__(
        self,
        folder: Path,
        *,
        url: str = "",
        at_step: AtStep = lambda _: None,
        started: bool = True,
        prepared: bool = False,
    ) -> None:
        self.data = folder / "data"
        self.data.mkdir(parents=True, exist_ok=True)
        self.folder = self.data / "audit"
        self.at_step = at_step
        self.key_path = folder / "keys" / "audit-signing.key"
        self.signer: Signer = load_or_make_signer(self.key_path)
        self.database = hasten(Database(url or f"sqlite:///{self.data / 'tenshu.sqlite'}"))
        if not prepared:
            SQLModel.metadata.create_all(self.database.engine, tables=TABLES)
        self.count = 0
        if started:
            try:
                self.sealer = self.start()
            except BaseException:  # a refused sealer leaves nothing open
                self.database.close()
                raise

    def start(self) -> Sealer:
        self.sealer = Sealer(
            self.database,
            self.data,
            self.folder,
            self.signer,
            machine="machine1",
            at_step=self.at_step,
        )
        return self.sealer

    def stop(self) -> None:
        self.sealer.close()

    def close(self) -> None:
        self.stop()
        self.database.close()

    def write(self, made: Draft) -> Event:
        with self.database.write() as session:
            return append(session, made)

    def add(self, count: int = 1, *, each: bool = False) -> list[Event]:
        """Write and seal events; `each` gives every one a published checkpoint of its own."""
        events = []
        for _ in range(count):
            events.append(self.write(draft(self.count)))
            self.count += 1
            if each:
                self.sealer.turn()
                self.sealer.publish()
        self.sealer.turn()
        return events if each else sorted(events, key=lambda event: event.id)

    def erase(self, subject: str = "", *, before: int = 0) -> Event:
        made = draft(self.count, actor="officer", before={}, after={}, target_name="")
        made.about("account", subject)
        describe_erasure(made, "個人情報保護法 第35条", subject=subject, before=before)
        event = self.write(made)
        self.sealer.turn()
        return event

    def archive(self, place: Path) -> Path:
        """Copy the store as a backup does, while it is in use."""
        place.mkdir()
        with sqlite3.connect(self.folder / FILE_NAME) as source:
            with sqlite3.connect(place / FILE_NAME) as copy:
                source.backup(copy)
            copy.close()
        source.close()
        return place

    def roll_back(self, archive: Path) -> None:
        """Put an archived store in the place of the present one; the sealer is stopped."""
        self.stop()
        for file in self.folder.glob(f"{FILE_NAME}*"):
            file.unlink()
        shutil.copy(archive / FILE_NAME, self.folder / FILE_NAME)

    def restore(self, archive: Path, **told: object) -> None:
        """Restore an archive as the restore action does, and start again."""
        self.roll_back(archive)
        self.restore_signal(archive, **told)
        self.start()

    def restore_signal(self, archive: Path, **told: object) -> None:
        declare_restore(self.data, Restored(archive=archive.name, at=1_763_700_000_000, **told))

    @property
    def keys(self) -> list[VerifierKey]:
        return read_keys(self.folder)

    @property
    def note(self) -> str:
        """The newest checkpoint that was published, as held elsewhere."""
        return split_notes((self.folder / LOG_NAME).read_text())[-1]

    def verify(self, **options: object) -> Verdict:
        return verify(self.folder, self.keys, **options)

    def tamper(self, *statements: str, **values: object) -> None:
        """Change the store behind the sealer's back."""
        with sqlite3.connect(self.folder / FILE_NAME) as connection:
            for statement in statements:
                connection.execute(statement, values)
        connection.close()
