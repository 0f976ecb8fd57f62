"""Grants that end by themselves: at their moment they act no more, soon after they are put away.

From the moment on nobody's request is answered with them (`rights.current`). What is put away here
is gone for good, so that a clock that is set back revives nothing.
"""

from typing import Annotated, Final

import msgspec
from msgspec import Meta
from sqlalchemy import delete
from sqlmodel import Session, col, select

from app.identity import rights
from app.identity.models import Account, Grant, Group, Membership
from app.identity.operations.expulsion import Done
from app.identity.operations.grants import words_of
from app.operations.context import SYSTEM, Appliance, Context, Plane
from app.operations.operation import operation
from app.operations.permissions import Permission

AT_ONCE: Final = 200


class EndedGrant(msgspec.Struct, frozen=True):
    """A grant whose moment has come."""

    grant: Annotated[str, Meta(max_length=64, description="Identifier of the grant")]


class Stale(msgspec.Struct, frozen=True):
    """Accounts whose compiled rights are too old."""

    accounts: Annotated[list[str], Meta(max_length=AT_ONCE, description="Identifiers")]


@operation("grants.end", permission=Permission.GRANTS_MANAGE, planes=(), in_reserve=True)
def end_grant(context: Context, ended: EndedGrant) -> Done:
    """Put away a grant that has ended by itself."""
    session = context.session
    grant = session.get(Grant, ended.grant)
    if grant is None or not grant.until or context.now < grant.until:
        return Done(done=False)  # somebody took it back or gave it longer in the meantime
    holder = session.get(Account, grant.holder) or session.get(Group, grant.holder)
    if holder is not None:
        context.event.about(
            "account" if isinstance(holder, Account) else "group", holder.id, holder.name
        )
    context.event.change("grant", words_of(grant), None)
    members = session.exec(select(Membership.account).where(Membership.group == grant.holder)).all()
    session.exec(delete(Grant).where(col(Grant.id) == grant.id))
    affected = [grant.holder] if isinstance(holder, Account) else members
    rights.recompile(session, affected, also=[grant.holder])
    return Done()


@operation("grants.recompile", permission=Permission.GRANTS_MANAGE, planes=(), in_reserve=True)
def recompile(context: Context, stale: Stale) -> Done:
    """Compile anew what accounts may do, where a moment has passed or was set back."""
    rights.recompile(context.session, stale.accounts)
    context.event.numbers["accounts"] = len(stale.accounts)
    return Done()


def end_due(appliance: Appliance) -> int:
    """Put away every grant whose moment has come. Return how many."""
    context = Context(appliance, actor=SYSTEM, plane=Plane.LOCAL)
    with appliance.database.read() as session:
        now = context.now
        due = session.exec(
            select(Grant.id).where(Grant.until > 0, Grant.until <= now).limit(AT_ONCE)
        ).all()
    for grant in due:
        end_grant(context, EndedGrant(grant))
    with appliance.database.read() as session:
        stale = _stale(session, context.now)
    if stale:
        recompile(context, Stale(stale))
    return len(due)


def _stale(session: Session, now: int) -> list[str]:
    """Return accounts whose moment has passed although no grant of theirs is left to end."""
    return list(
        session.exec(
            select(Account.id)
            .where(Account.rights_until > 0, Account.rights_until <= now)
            .limit(AT_ONCE)
        ).all()
    )
