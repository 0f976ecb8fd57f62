import contextlib

import msgspec
import pytest
from sqlmodel import select

from app.audit.event import Content, Outcome, Source
from app.audit.models import OutboxEvent
from app.core.clock import DAY, HOUR, MINUTE
from app.core.database import Database
from app.core.database_errors import DatabaseBusy, DiskFull
from app.core.errors import NotFound
from app.core.secret import Secret
from app.identity import policies, session_rows, sessions
from app.identity.models import ConsoleSession, WorkspaceSession
from app.identity.operations import accounts, credentials, own_sessions
from app.identity.operations.restored import end_restored_sessions
from app.operations.context import Plane
from app.operations.operation import NoRequest
from tests.unit.app.identity.house import OFFICE


def look(house, begun, plane=Plane.CONSOLE, source=OFFICE, **how):
    token = begun if isinstance(begun, Secret) else begun.token
    return sessions.look_up(house.appliance, plane, token.reveal(), source, **how)


@pytest.fixture
def owner(house):
    return house.person("owner", "owner")


@pytest.fixture
def begun(house, owner):
    return house.sign_in(owner)


def test_a_session_tells_who_asks_with_which_rights(house, owner, begun):
    found = look(house, begun)
    assert (found.actor.account, found.actor.session) == (owner.id, begun.session)
    assert (found.login_id, found.language, found.time_zone) == ("owner", "ja", "Asia/Tokyo")
    assert found.actor.rights.allows(accounts.Permission.ACCOUNTS_MANAGE)
    assert found.stepped_up_at == 0
    assert found.expires_at == begun.expires_at == house.time.now + 12 * HOUR


@pytest.mark.parametrize("token", ["", "x", "\ud800", "a" * 10_000])
def test_a_token_that_nobody_has_is_nobody(house, token):
    assert sessions.look_up(house.appliance, Plane.CONSOLE, token, OFFICE) is None


def test_no_plane_accepts_the_session_of_another_V15(house, owner, begun):
    assert look(house, begun, Plane.WORKSPACE) is None
    there = house.sign_in(owner, Plane.WORKSPACE)
    assert look(house, there, Plane.WORKSPACE)
    assert look(house, there) is None
    assert look(house, begun), "and trying does not end it"


def test_after_15_idle_minutes_it_is_over_F7(house, time, begun):
    time.advance(15 * MINUTE - 1)
    found = look(house, begun, touch=False)
    assert found.idle_until == time.now + 1
    time.advance(1)
    assert look(house, begun) is None


def test_work_keeps_it_alive_for_12_hours_and_no_longer_F7(house, time, begun):
    for _ in range(12 * 6 - 1):
        time.advance(10 * MINUTE)
        assert look(house, begun).idle_until == time.now + 15 * MINUTE
    time.advance(10 * MINUTE)
    assert look(house, begun) is None


def test_a_page_that_polls_keeps_nothing_alive_F7(house, time, begun):
    for _ in range(14):
        time.advance(MINUTE)
        assert look(house, begun, touch=False)
    time.advance(MINUTE)
    assert look(house, begun, touch=False) is None


def test_reading_stays_reading_it_writes_at_most_once_a_minute(house, time, begun, monkeypatch):
    written = []
    write = Database.write
    monkeypatch.setattr(Database, "write", lambda self: written.append(1) or write(self))
    for _ in range(5):
        assert look(house, begun)
    time.advance(MINUTE - 1)
    assert look(house, begun)
    assert not written
    time.advance(1)
    for _ in range(3):
        assert look(house, begun)
    assert len(written) == 1


@pytest.mark.parametrize("trouble", [DiskFull(), DatabaseBusy(seconds=10)])
def test_a_full_disk_or_busy_database_signs_nobody_out(house, time, begun, monkeypatch, trouble):
    @contextlib.contextmanager
    def write(_):
        raise trouble
        yield

    seen = time.now
    time.advance(2 * MINUTE)
    monkeypatch.setattr(Database, "write", write)
    assert look(house, begun).idle_until == seen + 15 * MINUTE


@pytest.mark.parametrize(
    ("first", "then", "stays"),
    [
        ("192.0.2.10", "198.51.100.3", True),
        ("192.0.2.10", "::ffff:192.0.2.10", True),
        ("192.0.2.10", "2001:db8::1", False),
        ("2001:db8::1", "192.0.2.10", False),
        ("local", "192.0.2.10", False),
    ],
)
def test_another_address_family_ends_the_session_and_is_recorded_V15(
    house, owner, first, then, stays
):
    begun = house.sign_in(owner, source=Source(peer=first))
    found = look(house, begun, source=Source(peer=then))
    assert (found is not None) == stays
    assert (look(house, begun, source=Source(peer=first)) is not None) == stays
    with house.appliance.database.read() as session:
        contents = [
            msgspec.json.decode(text, type=Content)
            for text in session.exec(select(OutboxEvent.content))
        ]
    expelled = [each for each in contents if each.verb == "sessions.expel"]
    assert len(expelled) == (0 if stays else 1)
    for event in expelled:
        assert (event.outcome, event.target) == (Outcome.REFUSED, begun.session)
        assert event.actor == owner.id


def test_suspending_ends_all_sessions_at_once_and_keeps_history_F4(house, owner, time):
    person = house.person("tanaka", "operator")
    begun = house.sign_in(person), house.sign_in(person, Plane.WORKSPACE)
    accounts.suspend_account(house.local, accounts.SuspendAccount(person.id, 1))
    assert look(house, begun[0]) is None
    assert look(house, begun[1], Plane.WORKSPACE) is None
    accounts.resume_account(house.local, accounts.SuspendAccount(person.id, 2))
    assert look(house, begun[0]) is None, "coming back does not revive them"
    with house.appliance.database.read() as session:
        for table in (ConsoleSession, WorkspaceSession):
            row = session.exec(select(table).where(table.account == person.id)).one()
            assert (row.ended_because, row.ended_at) == ("suspended", time.now)


def test_a_new_idle_time_holds_for_sessions_that_run(house, time, begun):
    with house.appliance.database.write() as session:
        policies.store(session, policies.IdentityPolicy(idle_minutes=5), 0)
    time.advance(5 * MINUTE)
    assert look(house, begun) is None


def test_everybody_sees_their_own_sessions_and_ends_them_V15(house, owner):
    first, second = house.sign_in(owner), house.sign_in(owner, Plane.WORKSPACE)
    other = house.sign_in(house.person("tanaka", "operator"))
    context = house.context_of(first.token)
    rows = own_sessions.list_sessions(context, NoRequest()).items
    assert {(row.id, row.current, row.plane) for row in rows} == {
        (first.session, True, "console"),
        (second.session, False, "workspace"),
    }
    assert {(row.peer, row.device) for row in rows} == {("192.0.2.10", "Test browser")}
    assert {row.factors for row in map(as_tuple, rows)} == {("password", "totp")}
    own_sessions.end_session(context, own_sessions.SessionRef(second.session))
    assert look(house, second, Plane.WORKSPACE) is None
    for identifier in (second.session, other.session, "nonsense"):
        with pytest.raises(NotFound):
            own_sessions.end_session(context, own_sessions.SessionRef(identifier))
    assert look(house, other)


def as_tuple(row):
    return msgspec.structs.replace(row, factors=tuple(row.factors))


def test_the_workspace_shows_and_ends_no_console_session_V15(house, owner):
    here, there = house.sign_in(owner), house.sign_in(owner, Plane.WORKSPACE)
    context = house.context_of(there.token, Plane.WORKSPACE)
    rows = own_sessions.list_sessions(context, NoRequest()).items
    assert [row.id for row in rows] == [there.session]
    with pytest.raises(NotFound):
        own_sessions.end_session(context, own_sessions.SessionRef(here.session))


def test_an_administrator_sees_and_ends_somebodys_sessions(house, owner):
    person = house.person("tanaka", "operator")
    begun = house.sign_in(person)
    context = house.enter(owner)
    shown = credentials.list_sessions_of(context, accounts.AccountRef(person.id)).items
    assert [row.id for row in shown] == [begun.session]
    assert credentials.end_sessions(context, accounts.AccountRef(person.id)).count == 1
    assert look(house, begun) is None
    assert credentials.end_sessions(context, accounts.AccountRef(person.id)).count == 0


def test_rows_of_long_ended_sessions_are_cleared(house, time, owner):
    old = house.sign_in(owner)
    time.advance(12 * HOUR + 31 * DAY)
    new = house.sign_in(owner)
    with house.appliance.database.read() as session:
        left = session.exec(select(ConsoleSession.id)).all()
    assert left == [new.session]
    assert old.session not in left


def test_a_very_long_device_name_is_cut(house, owner):
    begun = house.sign_in(owner, source=Source(peer="192.0.2.1", device="x" * 5000))
    with house.appliance.database.read() as session:
        kept = session.get(ConsoleSession, begun.session).device
    assert len(kept) == session_rows.LONGEST_DEVICE


def test_after_a_restore_nobody_is_signed_in_on_either_plane_V15(house, owner, begun):
    there = house.sign_in(owner, Plane.WORKSPACE)
    assert end_restored_sessions(house.local, NoRequest()).done
    assert look(house, begun) is None
    assert look(house, there, Plane.WORKSPACE) is None
    assert not end_restored_sessions(house.local, NoRequest()).done, "and a second start is fine"
