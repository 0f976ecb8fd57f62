"""How long things are kept: for ever, until somebody chooses days; each run is an event."""

import pytest
from sqlmodel import select

from app.core.clock import DAY, HOUR
from app.core.errors import Conflict, NotFound
from app.core.identifiers import new_identifier
from app.identity.models import ConsoleSession, WorkspaceSession
from app.jobs.models import Job, JobState
from app.leaving.watch import Night
from app.operations.context import Plane
from app.operations.operation import NoRequest
from app.privacy.models import Disclosure
from app.privacy.operations.disclosing import NewDisclosure, disclose
from app.privacy.operations.keeping import (
    ApplyRetention,
    PreviewRetention,
    SetRetention,
    apply_retention,
    list_retention,
    preview_retention,
    set_retention,
)
from app.privacy.watch import keep_no_longer
from tests.unit.app.privacy.conftest import NAME, everything_with


def choose(office, kind, days, rev=0):
    return set_retention(office.local, SetRetention(kind=kind, days=days, rev=rev))


def preview(office, kind, days):
    return preview_retention(office.local, PreviewRetention(kind=kind, days=days))


def test_everything_is_kept_until_days_are_chosen(office, time):
    office.house.sign_in(office.owner)
    time.advance(1000 * DAY)
    assert {row.days for row in list_retention(office.local, NoRequest()).items} == {0}
    assert keep_no_longer(office.appliance) == 0
    apply_retention(office.local, ApplyRetention(kind="sessions"))
    with office.appliance.database.read() as session:
        assert session.exec(select(ConsoleSession)).all()


def test_ended_sessions_go_after_their_days_and_running_ones_stay_METI_31(office, time):
    office.house.sign_in(office.person, Plane.WORKSPACE)
    time.advance(91 * DAY)
    office.house.sign_in(office.owner)
    assert preview(office, "sessions", 90).count == 1
    assert preview(office, "sessions", 0).count == 0
    assert preview(office, "sessions", 200).count == 0
    choose(office, "sessions", 90)
    assert keep_no_longer(office.appliance) == 1
    with office.appliance.database.read() as session:
        assert session.exec(select(WorkspaceSession)).all() == []
        assert len(session.exec(select(ConsoleSession)).all()) == 1


def test_what_was_applied_waits_for_the_next_day(office, time):
    choose(office, "jobs", 30)
    job = Job(
        id=new_identifier(), kind="tables.import", arguments="{}", created_by=office.owner.id,
        created_at=1, updated_at=1, finished_at=time.now - 31 * DAY,
        state=JobState.DONE.value, max_attempts=1,
    )  # fmt: skip
    with office.appliance.database.write() as session:
        session.add(job)
    assert preview(office, "jobs", 30).oldest == time.now - 31 * DAY
    assert keep_no_longer(office.appliance) == 1
    time.advance(HOUR)
    with office.appliance.database.write() as session:
        session.add(Job(**{**job.model_dump(), "id": new_identifier()}))
    assert keep_no_longer(office.appliance) == 0
    time.advance(DAY)
    assert Night(office.appliance, (keep_no_longer,)).look() == 0
    assert preview(office, "jobs", 30).count == 0


def test_searches_for_people_go_with_what_they_found(office, time):
    office.record(NAME)
    office.search(account=office.person.id)
    disclose(office.local, NewDisclosure(text=NAME))
    time.advance(8 * DAY)
    choose(office, "disclosures", 7)
    assert preview(office, "disclosures", 7).count == 2
    assert keep_no_longer(office.appliance) == 2
    with office.appliance.database.read() as session:
        assert session.exec(select(Disclosure)).all() == []


def test_values_in_the_history_go_after_their_days_and_it_stays_whole_METI_31(office, time):
    office.seal()
    assert preview(office, "history", 365).count == 0
    time.advance(366 * DAY)
    before = preview(office, "history", 365)
    assert before.count > 3
    choose(office, "history", 365)
    office.seal()
    assert "audit/sealed.sqlite" in everything_with(office, NAME)
    keep_no_longer(office.appliance)
    office.seal()
    assert "audit/sealed.sqlite" not in everything_with(office, NAME)


def test_no_history_yet_and_unknown_kinds(office):
    assert preview(office, "history", 1).count == 0
    with pytest.raises(NotFound):
        preview(office, "photographs", 1)
    choose(office, "jobs", 30)
    with pytest.raises(Conflict):
        choose(office, "jobs", 60)
    assert choose(office, "jobs", 60, rev=1).days == 60
