"""What a copy must hold before some pages can be seen: people, rights, jobs in every state.

It is put in as the person at the machine does it, by the operations themselves; a job's state,
which only time brings, is written down.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import update
from sqlmodel import Session

from app.audit.event import Source
from app.core import clock
from app.core.identifiers import new_identifier
from app.core.secret import Secret
from app.core.settings import load_settings
from app.identity import confirmation, policies, session_rows
from app.identity.models import ConsoleRequest
from app.identity.operations import accounts, credentials, grants, group_members, groups, requests
from app.jobs.handlers import load_handlers
from app.jobs.lease import new_owner
from app.jobs.models import Job, JobState
from app.operations.context import Actor, Context, Plane
from app.operations.permissions import Permission, Rights
from app.start.open import open_context
from app.web.cookies import session_cookie_name
from tests.running import Copy

GIVEN = "machi no akari ga tomoru yoru"
"""The one-time password of everybody who is made here."""


@dataclass
class Scenes:
    """Addresses and people of what was put in."""

    group: str
    jobs: dict[str, str]
    """State → identifier."""
    approval: str
    """A request of somebody else that waits for a second administrator."""
    newcomer: str
    """Login ID of an operator who has never signed in."""
    viewer: str
    """Cookie of somebody who may only look."""


@contextmanager
def at_the_machine(copy: Copy) -> Iterator[Context]:
    """The context of the person at the machine."""
    load_handlers()
    with open_context(load_settings(copy.environ), "en") as local:
        yield local


def put_in(copy: Copy, owner: str) -> Scenes:
    """Put everything in; `owner` is the first administrator's account."""
    with at_the_machine(copy) as local:
        member = person(local, "shiro", "伊藤 四郎", "viewer")
        person(local, "goro", "渡辺 五郎", "operator")
        asker = person(local, "rokuro", "中村 六郎", "owner")
        return Scenes(
            group=group(local, [owner, member]),
            jobs={state: job(local, owner, state) for state in ("running", "failed", "cancelled")},
            approval=approval(local, asker, member),
            newcomer="goro",
            viewer=session_of(local, member),
        )


def person(local: Context, login_id: str, name: str, role: Any) -> str:
    """Make somebody with the one-time password."""
    new = accounts.NewAccount(
        login_id=login_id, name=name, role=role, initial_password=Secret(GIVEN)
    )
    return accounts.create_account(local, new).account.id


def group(local: Context, members: list[str]) -> str:
    """Make a group with members, a role and a right on one table."""
    made = groups.create_group(local, groups.NewGroup(name="経理部")).id
    for account in members:
        group_members.add_member(local, group_members.Member(group=made, account=account))
    grants.give(local, grants.NewGrant(holder=made, role="viewer"))
    right = grants.NewGrant(holder=made, permission=Permission.RECORDS_VIEW, scope="tables/1")
    grants.give(local, right)
    return made


def job(local: Context, account: str, state: str) -> str:
    """Write down a job that runs and stays so, has failed or was cancelled."""
    now = clock.now()
    made = Job(
        id=new_identifier(),
        kind="tables.import",
        arguments="{}",
        created_by=account,
        created_at=now - 40 * clock.SECOND,
        started_at=now - 39 * clock.SECOND,
        claimed_at=now - 39 * clock.SECOND,
        finished_at=0 if state == JobState.RUNNING else now,
        updated_at=now,
        state=state,
        phase="Reading rows" if state == JobState.RUNNING else "",
        done=11_000_000,
        total=18_300_000,
        unit="bytes",
        numbers=json.dumps({"rows": 166_000, "rejected": 3}),
        max_attempts=3,
        error="tables.upload_gone" if state == JobState.FAILED else "",
    )
    if state == JobState.RUNNING:  # held by this process, which lives as long as the test
        made.lease_owner = new_owner(local.appliance.machine)
        made.lease_until = now + clock.DAY
    with local.appliance.database.write() as session:
        session.add(made)
        return made.id


def session_of(local: Context, account: str) -> str:
    """Return the cookie of a session at the console, `name=value`."""
    with local.appliance.database.write() as session:
        return f"{session_cookie_name(Plane.CONSOLE)}={begin(session, account)}"


def begin(session: Session, account: str) -> str:
    token, _ = session_rows.begin(
        session,
        policies.load(session),
        plane=Plane.CONSOLE,
        account=account,
        source=Source(peer="127.0.0.1"),
        factors="password totp",
        now=clock.now(),
    )
    return token.reveal()


def approval(local: Context, asker: str, member: str) -> str:
    """Let somebody ask for what a second administrator must approve."""
    rights = Rights([(Permission.ACCOUNTS_MANAGE, "")])
    actor = Actor(account=asker, name="中村 六郎", rights=rights, session="of-this-test")
    asking = replace(local, actor=actor, plane=Plane.CONSOLE)
    operation, wanted = credentials.reset_factor, accounts.AccountRef(account=member)
    pending = requests.prepare(asking, operation.name, wanted)
    with local.appliance.database.write() as session:
        session.connection().execute(
            update(ConsoleRequest)
            .where(ConsoleRequest.id == pending.id)  # type: ignore[arg-type]
            .values(state=confirmation.WAITING, expires_at=clock.now() + confirmation.TO_APPROVE)
        )
    return pending.id
