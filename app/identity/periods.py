"""From when to when each fact stood that rights are made of (METI-45, METI-46).

Nobody tells this module what changed: it compares what stands now with the periods that are still
open, and writes the difference in the same transaction. So no way of changing something can forget
to keep it, and doing it twice keeps it once.
"""

import enum
import itertools
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec
from sqlalchemy import update
from sqlmodel import Session, col, select

from app.core.identifiers import new_identifier
from app.identity import own_roles
from app.identity.compiling import Given
from app.identity.models import Account, Grant, Group, Membership, OwnRole, RightsPeriod
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
    question = select(RightsPeriod).where(col(RightsPeriod.holder).in_(holders))
    known = {(each.kind, each.holder, each.detail): each for each in _open(session, holders)}
    present = dict(_facts(session, holders))
    for fact in known.keys() - present.keys():
        session.exec(
            update(RightsPeriod)
            .where(col(RightsPeriod.id) == known[fact].id)
            # a clock that was set back must not make a period end before it began
            .values(ended=max(now, known[fact].since), ended_by=by)
        )
    new = sorted(present.keys() - known.keys())
    first = {fact for fact in new if fact[0] == Kind.ROLE and fact[1] in set(Role)}
    if first:  # what the product brought with it was so from the beginning, as far as is known
        seen = {each.holder for each in session.exec(question).all() if each.kind == Kind.ROLE}
        first = {fact for fact in first if fact[1] not in seen}
    session.add_all(
        RightsPeriod(
            id=new_identifier(),
            kind=fact[0],
            holder=fact[1],
            detail=fact[2],
            since=0 if fact in first else now,
            begun_by=present[fact] or by,
        )
        for fact in new
    )
    session.flush()


def _open(session: Session, holders: list[str]) -> Iterable[RightsPeriod]:
    return session.exec(
        select(RightsPeriod).where(col(RightsPeriod.holder).in_(holders), RightsPeriod.ended == 0)
    ).all()


def _facts(session: Session, holders: list[str]) -> Iterator[tuple[Fact, str]]:
    """Yield what stands now, and who began it where that is written down."""
    for grant in session.exec(select(Grant).where(col(Grant.holder).in_(holders))).all():
        given = Given(**{name: getattr(grant, name) for name in Given.__struct_fields__})
        yield (Kind.GRANT, grant.holder, _text(given)), grant.created_by
    for member in session.exec(select(Membership).where(col(Membership.account).in_(holders))):
        yield (Kind.MEMBERSHIP, member.account, _text(InGroup(member.group))), ""
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
