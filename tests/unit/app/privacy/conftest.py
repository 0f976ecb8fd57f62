"""An appliance in which somebody has worked: account, records, history; sealer and worker."""

import contextlib
import sqlite3
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.audit.sealer import Sealer
from app.audit.signing import load_or_make_signer
from app.identity.actors import actor_of
from app.identity.operations import accounts
from app.jobs.handlers import load_handlers
from app.jobs.worker import Worker
from app.operations.context import Actor, Appliance, Context, Plane
from app.privacy.operations.disclosing import NewDisclosure, disclose
from app.services.tables.models import FieldKind
from app.services.tables.operations import records, tables
from app.services.tables.preview import ColumnPlan
from tests.unit.app.identity.conftest import cheap_hashing, house, time
from tests.unit.app.identity.house import House, Person

__all__ = ["cheap_hashing", "house", "time"]

NAME = "霞ヶ浦 太郎兵衛"
MAIL = "tarobei@kasumigaura.example"
DEVICE = "Tarobei's own telescope"


def confirmed(context: Context, operation, request):
    """Run a dangerous operation as if it had just been confirmed."""
    acting = Context(
        context.appliance,
        actor=context.actor,
        source=context.source,
        plane=context.plane,
        confirmed=operation.digest(request),
    )
    return operation(acting, request)


@dataclass
class Office:
    """The appliance and who is in it."""

    house: House
    owner: Person
    person: Person
    table: int
    name_field: int

    @property
    def appliance(self) -> Appliance:
        return self.house.appliance

    @property
    def local(self) -> Context:
        return self.house.local

    def admin(self) -> Context:
        """The owner at the console."""
        return self.house.enter(self.owner)

    def work(self) -> None:
        """Do every job that waits."""
        worker = Worker(self.appliance, actor_of)
        while worker.work_once():
            pass

    def seal(self) -> None:
        """Seal what waits in the outbox."""
        settings = self.appliance.settings
        signer = load_or_make_signer(settings.keys / "audit-signing.key")
        sealer = Sealer(
            self.appliance.database, settings.data, settings.sealed_store, signer, machine="test"
        )
        with contextlib.closing(sealer):
            while sealer.turn():
                pass

    def record(self, text: str) -> int:
        """Write a record about somebody."""
        wanted = records.CreateRecord(table=self.table, values={self.name_field: text})
        return records.create_record(self.at_workspace(), wanted).id

    def at_workspace(self) -> Context:
        """The owner at the machine's own door: may do everything in tables."""
        actor = Actor(account=self.owner.id, name="owner", local=True)
        return Context(self.appliance, actor=actor, plane=Plane.LOCAL)

    def suspend(self) -> None:
        found = accounts.get_account(self.local, accounts.AccountRef(self.person.id)).account
        accounts.suspend_account(self.local, accounts.SuspendAccount(found.id, found.rev))

    def search(self, **wanted):
        """Search for somebody and do the job."""
        made = disclose(self.local, NewDisclosure(**wanted))
        self.work()
        return made.id


@pytest.fixture
def office(house: House) -> Office:
    load_handlers()
    owner = house.person("owner", "owner")
    person = house.person("tarobei", "staff")
    change = accounts.AccountChange(account=person.id, rev=1, name=NAME)
    accounts.update_account(house.local, change)
    made = tables.create_table(
        Context(
            house.appliance,
            actor=Actor(account=owner.id, name="owner", local=True),
            plane=Plane.LOCAL,
        ),
        tables.CreateTable(
            name="顧客",
            columns=[
                ColumnPlan(name="氏名", kind=FieldKind.TEXT),
                ColumnPlan(name="備考", kind=FieldKind.TEXT),
            ],
        ),
    )
    return Office(house, owner, person, made.id, made.fields[0].id)


def places_with(folder: Path, *values: str) -> list[str]:
    """Return which files under a folder hold one of these texts, in UTF-8 or escaped in JSON."""
    needles = [value.encode() for value in values]
    needles += [value.encode("ascii", "backslashreplace") for value in values]
    return sorted(
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and any(needle in path.read_bytes() for needle in needles)
    )


def everything_with(office: Office, *values: str) -> list[str]:
    """Where these texts stand in the data folder, once nothing waits in a write-ahead log."""
    data = office.appliance.settings.data
    for path in (data / "tenshu.sqlite", data / "audit" / "sealed.sqlite"):
        if path.exists():
            with contextlib.closing(sqlite3.connect(path)) as store:
                store.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return places_with(data, *values)
