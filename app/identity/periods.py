"""From when to when each fact stood that rights are made of (METI-45, METI-46).

Nobody tells this module what changed: it compares what stands now with the periods that are still
open, and writes the difference in the same transaction. So no way of changing something can forget
to keep it, and doing it twice keeps it once.
"""

import enum
import itertools
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

import msgspec
from sqlalchemy import bindparam, insert, update
from sqlmodel import Session, col, select

from app.core.identifiers import new_identifier
from app.identity import own_roles
from app.identity.given_rows import read_grants
from app.identity.models import Account, Group, Membership, OwnRole, RightsPeriod
from app.identity.roles import NAMES, Role

AT_ONCE: Final = 500


class Kind(enum.StrEnum):
    """What a period is about."""

    GRANT = "grant"
    MEMBERSHIP = "membership"
    GROUP = "group"
    ROLE = "role"
    STATE = "state"


class InGroup(msgspec.Struct, frozen=True):
    """An account was in a group."""

    group: str


class Named(msgspec.Struct, frozen=True):
    """A group had this name."""

    name: str


class Bundle(msgspec.Struct, frozen=True):
    """A role gave these permissions."""

    name: str
    permissions: list[str]


class InState(msgspec.Struct, frozen=True):
    """An account was active or suspended."""

    state: str


Fact = tuple[str, str, str]
"""Kind, holder, detail."""


def keep(session: Session, holders: Iterable[str], *, by: str, now: int) -> None:
    """Write what has begun and ended for accounts, groups and roles since it was last kept."""
    session.flush()
    wanted = iter(sorted(set(holders)))
    while some := list(itertools.islice(wanted, AT_ONCE)):
        _keep(session, some, by, now)


def everything_but_accounts(session: Session) -> set[str]:
    """Return every group and role that there is."""
    groups = session.exec(select(Group.id)).all()
    return {*groups, *session.exec(select(OwnRole.id)).all(), *(role.value for role in Role)}


def _keep(session: Session, holders: list[str], by: str, now: int) -> None:
    known, present = _open(session, holders), dict(_facts(session, holders))
    over = [known[fact] for fact in known.keys() - present.keys()]
    if over:
        session.connection().execute(
            update(RightsPeriod)
            .where(col(RightsPeriod.id) == bindparam("period"))
            .values(ended=bindparam("at"), ended_by=by),
            # a clock that was set back must not make a period end before it began
            [{"period": each.id, "at": max(now, each.since)} for each in over],
        )
    new = sorted(present.keys() - known.keys())
    first = {fact for fact in new if fact[0] == Kind.ROLE and fact[1] in set(Role)}
    if first:  # what the product brought with it was so from the beginning, as far as is known
        seen = _told_of_roles(session, {holder for _, holder, _ in first})
        first = {fact for fact in first if fact[1] not in seen}
    rows = [
        {
            "id": new_identifier(),
            "kind": fact[0],
            "holder": fact[1],
            "detail": fact[2],
            "since": 0 if fact in first else now,
            "begun_by": present[fact] or by,
        }
        for fact in new
    ]
    if rows:
        session.connection().execute(insert(RightsPeriod), rows)


class _Period(NamedTuple):
    """A period that has not ended."""

    id: str
    since: int


def _open(session: Session, holders: list[str]) -> dict[Fact, _Period]:
    names = ("kind", "holder", "detail", *_Period._fields)
    question = select(*[getattr(RightsPeriod, name) for name in names]).where(
        col(RightsPeriod.holder).in_(holders), RightsPeriod.ended == 0
    )
    return {
        (kind, holder, detail): _Period(*rest)
        for kind, holder, detail, *rest in session.exec(question)
    }


def _told_of_roles(session: Session, roles: set[str]) -> set[str]:
    """Return the roles of which there is a period already."""
    question = select(RightsPeriod.holder).where(
        col(RightsPeriod.holder).in_(roles), RightsPeriod.kind == Kind.ROLE
    )
    return set(session.exec(question))


def _facts(session: Session, holders: list[str]) -> Iterator[tuple[Fact, str]]:
    """Yield what stands now, and who began it where that is written down."""
    for held in read_grants(session, holders):
        yield (Kind.GRANT, held.holder, _text(held.given)), held.created_by
    members = select(Membership.account, Membership.group).where(
        col(Membership.account).in_(holders)
    )
    for account, group in session.exec(members):
        yield (Kind.MEMBERSHIP, account, _text(InGroup(group))), ""
    states = select(Account.id, Account.state).where(col(Account.id).in_(holders))
    for account, state in session.exec(states):
        yield (Kind.STATE, account, _text(InState(state))), ""
    groups = select(Group.id, Group.name).where(col(Group.id).in_(holders))
    for group, name in session.exec(groups):
        yield (Kind.GROUP, group, _text(Named(name))), ""
    for role in session.exec(select(OwnRole).where(col(OwnRole.id).in_(holders))):
        bundle = Bundle(role.name, sorted(own_roles.read_permissions(role.permissions)))
        yield (Kind.ROLE, role.id, _text(bundle)), ""
    for built_in in set(Role) & set(holders):
        bundle = Bundle(NAMES[Role(built_in)], sorted(own_roles.BUILT_IN[built_in]))
        yield (Kind.ROLE, str(built_in), _text(bundle)), ""


def _text(fact: msgspec.Struct) -> str:
    return msgspec.json.encode(fact).decode()
