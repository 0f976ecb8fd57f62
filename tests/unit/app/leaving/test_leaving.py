"""A person leaves: what they hold ends or passes on, once, on the night after the last day."""

import pytest
from sqlmodel import select

from app.core.clock import DAY, HOUR, MINUTE
from app.core.errors import Conflict, InvalidInput, NotFound
from app.core.identifiers import new_identifier
from app.core.secret import Secret
from app.identity.errors import BeyondYourRights, LastOwner, SignInFailed
from app.identity.models import Account, Group, Invitation
from app.identity.operations import (
    accounts,
    grants,
    group_members,
    groups,
    requests,
    sign_in,
    tokens,
)
from app.jobs.models import Job, JobState
from app.leaving.errors import NoOwnerWouldRemain, NotLeaving, UnsuitableSuccessor
from app.leaving.models import Departure, SeenClock
from app.leaving.operations.ending import EndDue, EndNow, end_due, end_now, list_due
from app.leaving.operations.listing import (
    ExportLeavers,
    LeaverFilter,
    export_leavers,
    list_leavers,
    list_unready,
)
from app.leaving.operations.planning import (
    PlanLeaving,
    WithdrawLeaving,
    plan_leaving,
    withdraw_leaving,
)
from app.leaving.operations.showing import get_leaving
from app.leaving.steady import SteadyClock, since_boot
from app.leaving.watch import Night, end_everybody_due
from app.operations.context import Actor, Context, Plane
from app.operations.operation import NoRequest
from app.services.tables.models import FieldKind
from app.services.tables.operations import tables
from app.services.tables.preview import ColumnPlan
from tests.unit.app.identity.house import PASSWORD
from tests.unit.app.leaving.conftest import confirmed, instant

LAST = "2027-03-31"


def rev(house, person):
    found = accounts.get_account(house.local, accounts.AccountRef(person.id))
    return found.account.rev


def plan(house, person, day=LAST, successor=""):
    wanted = PlanLeaving(
        account=person.id, rev=rev(house, person), leaves_on=day, successor=successor
    )
    return plan_leaving(house.local, wanted)


def count(view, kind):
    return next(one.count for one in view.holdings if one.kind == kind)


def look_at(house, person):
    return get_leaving(house.local, accounts.AccountRef(person.id))


def put_head(house, person, name="経理"):
    group = groups.create_group(house.local, groups.NewGroup(name=name)).id
    group_members.add_member(house.local, group_members.Member(group=group, account=person.id))
    with house.appliance.database.write() as session:
        session.get(Group, group).head = person.id
    return group


def put_job(house, person, state=JobState.QUEUED):
    job = Job(
        id=new_identifier(),
        kind="tables.import",
        arguments="{}",
        created_by=person.id,
        created_at=1,
        updated_at=1,
        state=state.value,
        max_attempts=3,
    )
    with house.appliance.database.write() as session:
        session.add(job)
        return job.id


def job_of(house, identifier):
    with house.appliance.database.read() as session:
        found = session.get(Job, identifier)
        return found.created_by, found.cancel_requested


@pytest.fixture
def leaver(march):
    """Somebody who holds one of everything."""
    person = march.person("taro", "security_administrator")
    put_head(march, person)
    workspace = march.enter(person, Plane.WORKSPACE)
    console = march.enter(person)
    wanted = tokens.WantedRight(permission="audit.view")
    tokens.create_token(console, tokens.NewToken(name="batch", days=30, rights=[wanted]))
    requests.prepare(console, "accounts.suspend", accounts.SuspendAccount(person.id, 1))
    tables.create_table(
        Context(march.appliance, actor=at_the_machine(march, person), plane=Plane.LOCAL),
        tables.CreateTable(name="顧客", columns=(ColumnPlan(name="氏名", kind=FieldKind.TEXT),)),
    )
    with march.appliance.database.write() as session:
        session.add(
            Invitation(
                id=new_identifier(),
                token_hash="hash",
                account=person.id,
                created_at=march.time.now,
                created_by="",
                expires_at=march.time.now + 60 * DAY,
            )
        )
    assert workspace.actor.account == person.id
    return person


def at_the_machine(house, person):
    """The person at the machine's own door: may do everything, under the person's name."""
    return Actor(account=person.id, name=person.login_id, local=True)


def test_one_page_shows_all_that_a_person_holds_F4(march, leaver):
    put_job(march, leaver)
    view = look_at(march, leaver)
    counts = {one.kind: one.count for one in view.holdings}
    assert counts == {
        "client_certificates": 0,
        "headships": 1, "jobs": 1, "sessions": 2, "tokens": 1, "factors": 1, "requests": 1,
        "invitations": 1, "memberships": 1, "grants": 1, "tables": 1,
        "mails": 0, "reviews": 0,
    }  # fmt: skip
    fates = {one.kind: (one.ends, one.passes) for one in view.holdings}
    assert fates["headships"] == (True, True)
    assert fates["sessions"] == (True, False)
    assert fates["tables"] == (False, False)
    assert [one.kind for one in view.holdings][:2] == ["headships", "jobs"]


def test_what_is_held_is_told_by_its_whole_path_and_not_what_was_taken_away_F4(march):
    person = march.person("taro", "staff")
    above = groups.create_group(march.local, groups.NewGroup(name="営業本部")).id
    section = put_head(march, person, "一課")
    with march.appliance.database.write() as session:
        session.get(Group, section).parent = above
    taken = grants.NewGrant(holder=person.id, permission="records.delete", taken=True)
    grants.give(march.local, taken)
    held = {one.kind: [each.name for each in one.items] for one in look_at(march, person).holdings}
    assert held["headships"] == held["memberships"] == ["営業本部/一課"]
    assert held["grants"] == ["role:staff"]
    shown = accounts.get_account(march.local, accounts.AccountRef(person.id))
    assert [group.name for group in shown.groups] == ["営業本部/一課"]


def test_nothing_ends_before_the_last_day_is_over_where_the_person_is_F4(march, leaver, time):
    plan(march, leaver)
    time.now = instant("2027-03-31 23:59")
    assert list_due(march.local, NoRequest()).accounts == []
    time.advance(MINUTE)
    assert list_due(march.local, NoRequest()).accounts == [leaver.id]


def test_the_day_ends_by_the_persons_own_clock_F4(march, leaver, time):
    change = accounts.AccountChange(
        account=leaver.id, rev=rev(march, leaver), time_zone="Pacific/Honolulu"
    )
    accounts.update_account(march.local, change)
    plan(march, leaver)
    time.now = instant("2027-04-01 18:59")  # 23:59 on the last day in Honolulu
    assert list_due(march.local, NoRequest()).accounts == []
    time.advance(MINUTE)
    assert list_due(march.local, NoRequest()).accounts == [leaver.id]


def test_that_night_everything_ends_and_the_name_stays_F1_F4(march, leaver, time):
    plan(march, leaver)
    time.now = instant("2027-04-01 00:00")
    assert end_everybody_due(march.appliance) == 1
    view = look_at(march, leaver)
    assert {one.kind: one.count for one in view.holdings if one.count} == {"tables": 1}
    assert view.account.state == "suspended"
    assert (view.account.name, view.account.login_id) == ("Taro", "taro")
    assert view.left_at == time.now
    assert view.ended["sessions"] + view.ended["tokens"] >= 1
    with pytest.raises(SignInFailed):
        sign_in.start(march.nobody(), sign_in.Start("taro", Secret(PASSWORD)))


def test_what_can_pass_goes_to_the_successor_before_anything_stops_F4(march, leaver, time):
    heir = march.person("hanako", "staff")
    waiting, running = put_job(march, leaver), put_job(march, leaver, JobState.RUNNING)
    plan(march, leaver, successor=heir.id)
    time.now = instant("2027-04-01 00:00")
    end_everybody_due(march.appliance)
    assert job_of(march, waiting) == (heir.id, False)
    assert job_of(march, running) == (heir.id, False)
    view = look_at(march, heir)
    assert (count(view, "headships"), count(view, "jobs")) == (1, 2)
    assert look_at(march, leaver).passed == {"headships": 1, "jobs": 2}


def test_without_a_successor_it_ends_and_jobs_are_asked_to_stop_F4(march, leaver, time):
    waiting = put_job(march, leaver)
    plan(march, leaver)
    time.now = instant("2027-04-01 00:00")
    end_everybody_due(march.appliance)
    assert job_of(march, waiting) == (leaver.id, True)
    assert look_at(march, leaver).ended["headships"] == 1


def test_a_successor_who_was_suspended_meanwhile_takes_nothing_over_F4(march, leaver, time):
    heir = march.person("hanako", "staff")
    plan(march, leaver, successor=heir.id)
    accounts.suspend_account(
        march.local, accounts.SuspendAccount(account=heir.id, rev=rev(march, heir))
    )
    assert look_at(march, leaver).successor_lacks == "the account is suspended."
    time.now = instant("2027-04-01 00:00")
    end_everybody_due(march.appliance)
    assert look_at(march, leaver).passed == {}
    with march.appliance.database.read() as session:
        assert session.get(Departure, leaver.id).successor == ""


def test_a_person_is_ended_once_whatever_the_clock_does_F4(march, leaver, time):
    plan(march, leaver)
    time.now = instant("2027-04-01 00:00")
    assert end_everybody_due(march.appliance) == 1
    time.now = instant("2027-03-20 00:00")
    assert end_everybody_due(march.appliance) == 0
    time.now = instant("2027-04-01 00:01")
    assert end_everybody_due(march.appliance) == 0


def test_who_came_back_is_not_ended_again_by_the_old_day_F4(march, leaver, time):
    plan(march, leaver)
    time.now = instant("2027-04-01 00:00")
    end_everybody_due(march.appliance)
    back = accounts.SuspendAccount(account=leaver.id, rev=rev(march, leaver))
    accounts.resume_account(march.local, back)
    time.advance(DAY)
    assert end_everybody_due(march.appliance) == 0
    end_due(march.local, EndDue(account=leaver.id))  # as if two nights ran at once
    assert look_at(march, leaver).account.state == "active"
    plan(march, leaver, "2027-04-30")
    assert look_at(march, leaver).left_at == 0


def test_a_last_day_is_taken_back_before_the_night_only_F4(march, leaver, time):
    plan(march, leaver)
    wanted = WithdrawLeaving(account=leaver.id, rev=rev(march, leaver))
    assert withdraw_leaving(march.local, wanted).leaves_on == ""
    with pytest.raises(NotLeaving):
        withdraw_leaving(march.local, WithdrawLeaving(account=leaver.id, rev=rev(march, leaver)))
    plan(march, leaver)
    time.now = instant("2027-04-01 00:00")
    end_everybody_due(march.appliance)
    with pytest.raises(NotLeaving):
        withdraw_leaving(march.local, WithdrawLeaving(account=leaver.id, rev=rev(march, leaver)))


def test_ending_now_is_the_same_at_once_F4(march, leaver):
    wanted = EndNow(account=leaver.id, rev=rev(march, leaver))
    view = end_now(march.local, wanted)
    assert (view.account.state, view.leaves_on) == ("suspended", "2027-03-01")
    assert count(view, "sessions") == 0
    with pytest.raises(Conflict):
        end_now(march.local, wanted)


def test_the_last_owner_cannot_leave_neither_planned_nor_at_night_F4(march, time):
    with march.appliance.database.read() as session:
        owner = session.exec(select(Account).where(Account.login_id == "owner")).one()
    with pytest.raises(NoOwnerWouldRemain):
        plan(march, owner)
    second = march.person("second", "owner")
    plan(march, owner)
    with pytest.raises(NoOwnerWouldRemain):  # the other one leaves the same day
        plan(march, second)
    accounts.suspend_account(
        march.local, accounts.SuspendAccount(account=second.id, rev=rev(march, second))
    )
    time.now = instant("2027-04-01 03:00")
    assert end_everybody_due(march.appliance) == 0
    (unready,) = list_unready(march.local, NoRequest()).items
    assert (unready.overdue, unready.is_owner) == (True, True)
    with pytest.raises(LastOwner):
        end_now(march.local, EndNow(account=owner.id, rev=rev(march, owner)))
    assert look_at(march, owner).account.state == "active"


def test_one_who_cannot_be_ended_stops_nobody_else_F4(march, leaver, time):
    with march.appliance.database.write() as session:
        owner = session.exec(select(Account).where(Account.login_id == "owner")).one()
        owner.leaves_on = "2027-03-15"  # as a list from elsewhere might have set it
    plan(march, leaver)
    time.now = instant("2027-04-01 00:00")
    assert end_everybody_due(march.appliance) == 1
    assert look_at(march, leaver).account.state == "suspended"


@pytest.mark.parametrize(
    ("day", "reason"),
    [("2027-02-30", "there is no such day."), ("2027-02-28", "this day is over.")],
)
def test_a_day_that_is_none_or_over_is_refused_at_its_field(march, leaver, day, reason):
    with pytest.raises(InvalidInput) as caught:
        plan(march, leaver, day)
    assert caught.value.parameters["field"] == "leaves_on"
    assert caught.value.parameters["reason"].startswith(reason)


def test_a_successor_must_be_somebody_else_who_stays_longer_F4(march, leaver):
    heir = march.person("hanako", "staff")
    with pytest.raises(UnsuitableSuccessor, match="who leaves"):
        plan(march, leaver, successor=leaver.id)
    with pytest.raises(NotFound):
        plan(march, leaver, successor="nobody")
    plan(march, heir, LAST)
    with pytest.raises(UnsuitableSuccessor, match="no later"):
        plan(march, leaver, successor=heir.id)
    plan(march, heir, "2027-12-31")
    assert plan(march, leaver, successor=heir.id).successor_login_id == "hanako"


def test_nobody_ends_who_may_do_more_than_they_do_F4(march, leaver):
    helper = march.person("helper")
    grants.give(march.local, grants.NewGrant(holder=helper.id, permission="accounts.manage"))
    acting = march.enter(helper)
    wanted = EndNow(account=leaver.id, rev=rev(march, leaver))
    with pytest.raises(BeyondYourRights):
        confirmed(acting, end_now, wanted)


def test_a_missing_successor_is_told_two_weeks_before_F4(march, leaver, time):
    plan(march, leaver)
    assert list_unready(march.local, NoRequest()).items == []
    time.now = instant("2027-03-17 09:00")
    (unready,) = list_unready(march.local, NoRequest()).items
    assert unready.unpassed == {"Heads of groups": 1}
    assert not unready.overdue
    heir = march.person("hanako", "staff")
    plan(march, leaver, successor=heir.id)
    assert list_unready(march.local, NoRequest()).items == []


def test_leavers_are_listed_searched_and_paged_F4(march, leaver, time):
    other = march.person("jiro")
    plan(march, leaver)
    plan(march, other, "2027-03-02")
    time.now = instant("2027-03-03 00:00")
    end_everybody_due(march.appliance)

    def listed(**wanted):
        return list_leavers(march.local, LeaverFilter(**wanted))

    assert [one.account.login_id for one in listed().items] == ["taro", "jiro"]
    assert [one.account.login_id for one in listed(when="left").items] == ["jiro"]
    assert [one.account.login_id for one in listed(when="coming").items] == ["taro"]
    assert [one.account.login_id for one in listed(search="JIR").items] == ["jiro"]
    first = listed(limit=1)
    assert [one.days_left for one in first.items] == [28]
    assert [one.account.login_id for one in listed(limit=1, after=first.after).items] == ["jiro"]


@pytest.mark.sql
def test_who_leaves_next_stands_first_and_who_has_left_below_the_latest_first_F4(
    march, leaver, time
):
    days = {"a": "2027-03-01", "b": "2027-03-02", "c": "2027-03-02", "d": "2027-05-01"}
    for login_id, day in days.items():
        plan(march, march.person(login_id), day)
    plan(march, leaver, LAST)
    time.now = instant("2027-03-03 00:00")
    end_everybody_due(march.appliance)
    plan(march, march.person("e"), LAST)

    def walk(**wanted):
        seen, after = [], ""
        while True:
            page = list_leavers(march.local, LeaverFilter(limit=1, after=after, **wanted))
            seen += [one.account.login_id for one in page.items]
            after = page.after
            if not after:
                return seen, page.total

    assert walk() == (["e", "taro", "d", "b", "c", "a"], 6)
    assert walk(when="left") == (["b", "c", "a"], 3)
    assert walk(sort="last_day") == (["a", "b", "c", "e", "taro", "d"], 6)
    assert walk(sort="-login_id", search="a") == (["taro", "a"], 2)
    (_, *lines) = b"".join(
        export_leavers(march.local, ExportLeavers(when="coming")).chunks
    ).splitlines()
    assert [line.split(b",")[0] for line in lines] == [b"e", b"taro", b"d"]


class Boot:
    """The clock that never jumps."""

    def __init__(self) -> None:
        self.now = 5 * DAY

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def night(march, time):
    """The night's work with both clocks in the test's hand."""
    begun = Night(march.appliance)
    begun.boot = begun.clock.boot = Boot()
    begun.look()
    return begun


def pass_by(night, time, milliseconds):
    night.boot.now += milliseconds
    time.advance(milliseconds)


def test_a_clock_that_jumps_ahead_ends_nobody_for_an_hour_F4(march, leaver, night, time):
    plan(march, leaver)
    pass_by(night, time, DAY)
    assert night.look() == 0
    time.now = instant("2027-06-01 00:00")
    assert night.look() == 0
    assert list_unready(march.local, NoRequest()).clock_doubted
    pass_by(night, time, HOUR - MINUTE)
    assert night.look() == 0
    time.now = instant("2027-03-02 11:00")  # set right again
    assert night.look() == 0
    pass_by(night, time, HOUR)
    assert night.look() == 0
    assert not list_unready(march.local, NoRequest()).clock_doubted
    assert look_at(march, leaver).account.state == "active"
    for _ in range(30):
        pass_by(night, time, DAY)
        ended = night.look()
    assert ended == 1


def test_a_wrong_clock_at_the_start_is_doubted_too_F4(march, leaver, night, time):
    plan(march, leaver)
    pass_by(night, time, DAY)
    night.look()
    time.now = instant("2030-01-01 00:00")
    again = Night(march.appliance)
    again.clock.boot = night.boot
    assert again.look() == 0
    with march.appliance.database.read() as session:
        assert session.get(SeenClock, 1).doubted


def test_a_night_while_the_appliance_was_off_is_made_up_for_F4(march, leaver, night, time):
    plan(march, leaver, "2027-03-02")
    pass_by(night, time, HOUR)
    night.look()
    time.now = instant("2027-03-03 08:00")
    again = Night(march.appliance)
    assert again.look() == 1


def test_a_small_correction_of_the_clock_is_no_jump(time):
    boot = Boot()
    steady = SteadyClock(0, boot)
    assert steady.is_steady()
    time.advance(MINUTE)
    assert steady.is_steady()
    time.advance(-30 * DAY)
    assert not steady.is_steady()
    assert since_boot() > 0
