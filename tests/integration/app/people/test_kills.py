"""kill -9 in the middle of an import of people, and of the night in which people are ended (F4).

Whatever the statement at which it strikes: what is there is whole, and the next start goes on. Some
seconds each: every kill needs a fresh copy of the folder, a process that dies, and a second start.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from sqlmodel import Session, col, func, select

import app.people.jobs  # noqa: F401 - registers the handler
from app.audit.models import OutboxEvent
from app.core import data_folder
from app.core.keyring import KeyRing
from app.core.settings import load_settings
from app.files import spool
from app.identity.actors import actor_of
from app.identity.models import Account, Grant, Group, Membership, Password
from app.identity.operations import accounts, groups, tokens
from app.jobs.models import Job, JobState
from app.leaving.models import Departure
from app.operations.context import SYSTEM, Appliance, Context
from app.people.operations.importing import ImportList, import_list
from app.people.operations.preview import PreviewList, preview_list
from tests.integration.app.people.killed import Killer, open_appliance
from tests.personnel import as_csv, rows
from tests.unit.app.identity.conftest import cheap_hashing

__all__ = ["cheap_hashing"]

PEOPLE, PART = 40, 10
LEAVERS = 3


@pytest.fixture(scope="module")
def killer() -> Iterator[Killer]:
    with Killer() as made:
        yield made


@contextmanager
def opened(folder: Path) -> Iterator[Appliance]:
    appliance = open_appliance(folder)
    try:
        yield appliance
    finally:
        appliance.database.close()


@pytest.fixture
def fresh(tmp_path: Path, sqlite_template: Path) -> Path:
    """The folder of an appliance with nobody in it."""
    folder = tmp_path / "fresh"
    settings = load_settings({"TENSHU_DATA": str(folder / "data"), "TENSHU_RESERVE": "0"})
    folder.mkdir()
    data_folder.make_folders(settings)
    shutil.copyfile(sqlite_template, settings.data / "tenshu.sqlite")
    KeyRing.create(settings.keys)
    return folder


def person(local: Context, login_id: str, role: str) -> str:
    new = accounts.NewAccount(login_id=login_id, name=login_id, role=role)
    return accounts.create_account(local, new).account.id


def acting(appliance: Appliance, account: str) -> Context:
    """The context of a person, who may confirm what is dangerous."""
    with appliance.database.read() as session:
        actor = actor_of(session, account)
    assert actor is not None
    return Context(appliance, actor=replace(actor, local=True))


def upload(appliance: Appliance, owner: str, count: int) -> str:
    with spool.receive(appliance.settings.spool, owner, "名簿.csv") as incoming:
        incoming.write(as_csv(list(rows(count))))
        return incoming.finish().id


def with_a_list(fresh: Path, count: int) -> str:
    """Let an owner ask for the import of a list; return the job."""
    with opened(fresh) as appliance:
        owner = person(Context(appliance, actor=SYSTEM), "hanako", "owner")
        given = upload(appliance, owner, count)
        return import_list(acting(appliance, owner), ImportList(upload=given)).job


def number(session: Session, table: type, *where: object) -> int:
    return session.exec(select(func.count()).select_from(table).where(*where)).one()


def events(session: Session, verb: str) -> list[str]:
    """Return whom the events of a verb are about."""
    found = (msgspec.json.decode(one) for one in session.exec(select(OutboxEvent.content)))
    return [one["target"] for one in found if one["verb"] == verb]


def check_nothing_is_half(appliance: Appliance, job: str, count: int, part: int) -> int:
    """Whoever of the list is there has everything, and the job knows how many; return them."""
    with appliance.database.read() as session:
        there = set(session.exec(select(Account.id).where(col(Account.login_id).like("user%"))))
        state = session.get(Job, job)
        assert state is not None
        assert state.done == len(there)
        assert len(there) == count or len(there) % part == 0
        for table, key in ((Password, "account"), (Membership, "account"), (Grant, "holder")):
            held = getattr(table, key)
            assert set(session.exec(select(held).where(held.in_(there)))) == there
        told = [one for one in events(session, "accounts.create") if one in there]
        assert sorted(told) == sorted(there), "one event a person"
        departments = session.exec(select(Group.id)).all()
        assert len(departments) == number(session, Group, Group.is_department)
        return len(there)


def kill_an_import(
    killer: Killer, fresh: Path, count: int, part: int, kills: int
) -> dict[int, int]:
    """Kill the import of a list at points all over it; return how many people each one left."""
    job = with_a_list(fresh, count)
    whole = fresh.with_name("whole")
    shutil.copytree(fresh, whole)
    lived, steps = killer.run(whole, "import", part)
    assert lived
    left = {}
    for at in range(1, steps, max(1, steps // kills)):
        folder = fresh.with_name(f"at{at}")
        shutil.copytree(fresh, folder)
        left[at] = kill_and_go_on(killer, folder, job, count, part, at)
        shutil.rmtree(folder)
    return left


def kill_and_go_on(killer: Killer, folder: Path, job: str, count: int, part: int, at: int) -> int:
    """Kill one import at a step and finish it; return how many people the kill left."""
    assert killer.run(folder, "import", part, at) == (False, at)
    with opened(folder) as appliance:
        left = check_nothing_is_half(appliance, job, count, part)
    assert killer.run(folder, "import", part)[0]
    with opened(folder) as appliance:
        assert check_nothing_is_half(appliance, job, count, part) == count
        check_all_is_there(appliance, job, count)
    return left


def check_all_is_there(appliance: Appliance, job: str, count: int) -> None:
    """The list is applied as if nothing had happened: the same list finds no difference."""
    with appliance.database.read() as session:
        done = session.get(Job, job)
        assert done is not None
        assert (done.state, done.done) == (JobState.DONE, count)
        heads = number(session, Group, Group.head != "")
        assert heads == min(count, 20)
    seen = preview_list(
        Context(appliance, actor=SYSTEM),
        PreviewList(upload=upload(appliance, SYSTEM.account, count)),
    )
    assert {kind: n for kind, n in seen.counts.items() if n} == {"unchanged": count, "absent": 1}


def test_an_import_killed_at_any_statement_leaves_whole_parts_and_goes_on_F4(
    killer: Killer, fresh: Path
) -> None:
    left = kill_an_import(killer, fresh, PEOPLE, PART, kills=6)
    assert {0, PEOPLE} < set(left.values()) | {PEOPLE}, "it was struck in the middle too"
    assert len(set(left.values())) > 2


@pytest.mark.slow  # ten thousand people take a minute
def test_an_import_of_ten_thousand_people_killed_in_the_middle_goes_on_F4(
    killer: Killer, fresh: Path
) -> None:
    job = with_a_list(fresh, 10_000)
    left = kill_and_go_on(killer, fresh, job, 10_000, 250, at=600)
    assert 250 < left < 9_750


def with_leavers(fresh: Path) -> tuple[list[str], str]:
    """Make people whose last day was yesterday, each the head of a group; return the successor."""
    with opened(fresh) as appliance:
        local = Context(appliance, actor=SYSTEM)
        person(local, "hanako", "owner")
        successor = person(local, "saburo", "staff")
        leavers = [person(local, f"leaver{index}", "operator") for index in range(LEAVERS)]
        for account in leavers:
            group = groups.create_group(local, groups.NewGroup(name=account)).id
            wanted = tokens.WantedRight(permission="audit.view")
            tokens.create_token(
                acting(appliance, account),
                tokens.NewToken(name="batch", days=30, rights=[wanted]),
            )
            with appliance.database.write() as session:
                led = session.get(Group, group)
                leaver = session.get(Account, account)
                assert led is not None
                assert leaver is not None
                led.head, leaver.successor = account, successor
                leaver.leaves_on = "2024-03-31"
        return leavers, successor


def check_ended_or_untouched(appliance: Appliance, leavers: list[str], successor: str) -> int:
    """Each leaver is ended whole, or not at all; return how many are."""
    with appliance.database.read() as session:
        gone = set(session.exec(select(Departure.account)))
        assert gone <= set(leavers)
        assert sorted(events(session, "leaving.end")) == sorted(gone), "one event a person"
        for account in leavers:
            leaver = session.get(Account, account)
            group = session.exec(select(Group).where(Group.name == account)).one()
            assert leaver is not None
            ended = account in gone
            assert leaver.state == ("suspended" if ended else "active")
            assert group.head == (successor if ended else account)
        return len(gone)


def test_a_night_killed_at_any_statement_ends_each_leaver_once_or_not_yet_F4(
    killer: Killer, fresh: Path
) -> None:
    leavers, successor = with_leavers(fresh)
    whole = fresh.with_name("whole")
    shutil.copytree(fresh, whole)
    lived, steps = killer.run(whole, "night", PART)
    assert lived
    left = set()
    for at in range(1, steps, max(1, steps // 8)):
        folder = fresh.with_name(f"at{at}")
        shutil.copytree(fresh, folder)
        assert killer.run(folder, "night", PART, at) == (False, at)
        with opened(folder) as appliance:
            left.add(check_ended_or_untouched(appliance, leavers, successor))
        assert killer.run(folder, "night", PART)[0]
        with opened(folder) as appliance:
            assert check_ended_or_untouched(appliance, leavers, successor) == LEAVERS
    assert {0, 1, 2} <= left, "it was struck between any two of them"
