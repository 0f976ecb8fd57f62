"""A personnel department with an appliance, and what it does with its lists."""

from dataclasses import dataclass
from typing import Any

import msgspec
import pytest
from sqlmodel import col, select

import app.people.jobs  # noqa: F401 - registers the handler
from app.audit.models import OutboxEvent
from app.files import spool
from app.identity.actors import actor_of
from app.identity.models import Account, Group, Membership
from app.jobs.operations import GetJob, get_job
from app.jobs.view import JobView
from app.jobs.worker import Worker
from app.operations.context import SYSTEM, Appliance, Context, Plane
from app.people.operations.importing import ImportList, import_list
from app.people.operations.preview import ListPreview, PreviewList, preview_list
from tests.personnel import as_csv
from tests.unit.app.identity.conftest import cheap_hashing, house, time
from tests.unit.app.identity.house import House, Person

__all__ = ["cheap_hashing", "house", "time"]


@dataclass
class Personnel:
    """The personnel department: an owner who imports lists."""

    house: House
    owner: Person
    context: Context

    @property
    def appliance(self) -> Appliance:
        return self.house.appliance

    def upload(self, data: bytes, name: str = "名簿.csv") -> str:
        folder = self.appliance.settings.spool
        with spool.receive(folder, self.context.actor.account, name) as incoming:
            incoming.write(data)
            return incoming.finish().id

    def preview(self, rows: Any, **wanted: Any) -> ListPreview:
        data = rows if isinstance(rows, bytes) else as_csv(rows)
        upload = self.upload(data)
        return preview_list(self.context, PreviewList(upload=upload, limit=200, **wanted))

    def start(self, rows: Any, name: str = "名簿.csv", **wanted: Any) -> str:
        data = rows if isinstance(rows, bytes) else as_csv(rows)
        request = ImportList(upload=self.upload(data, name), **wanted)
        self.context.confirmed = import_list.digest(request)
        return import_list(self.context, request).job

    def worker(self) -> Worker:
        return Worker(self.appliance, actor_of)

    def apply(self, rows: Any, name: str = "名簿.csv", **wanted: Any) -> JobView:
        job = self.start(rows, name, **wanted)
        assert self.worker().work_once()
        return self.job(job)

    def job(self, job: str) -> JobView:
        return get_job(Context(self.appliance, actor=SYSTEM), GetJob(job=job))

    def account(self, login_id: str) -> Account:
        with self.appliance.database.read() as session:
            found = session.exec(select(Account).where(Account.login_id == login_id)).one()
            session.expunge(found)
            return found

    def departments_of(self, login_id: str) -> list[str]:
        account = self.account(login_id).id
        with self.appliance.database.read() as session:
            groups = select(Group.name).join(Membership, col(Membership.group) == col(Group.id))
            return sorted(session.exec(groups.where(Membership.account == account)))

    def events(self, verb: str) -> list[dict[str, Any]]:
        with self.appliance.database.read() as session:
            contents = [
                msgspec.json.decode(one) for one in session.exec(select(OutboxEvent.content))
            ]
        return [content for content in contents if content["verb"] == verb]


@pytest.fixture
def personnel(house: House) -> Personnel:
    owner = house.person("hanako", "owner")
    return Personnel(house, owner, house.enter(owner, Plane.CONSOLE))
