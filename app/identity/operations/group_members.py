"""Who is in a group."""

import msgspec
from sqlalchemy import delete
from sqlmodel import col

from app.identity import account_rows, own_way, rights
from app.identity.fields import AccountId, GroupId
from app.identity.models import Membership
from app.identity.operations.expulsion import Done
from app.identity.operations.group_rows import (
    find_group,
    rights_of_group,
)
from app.operations.context import Context, Plane
from app.operations.operation import Route, Tier, operation
from app.operations.permissions import Permission

ON_CONSOLE = (Plane.CONSOLE,)


class Member(msgspec.Struct, frozen=True):
    """One account in one group."""

    group: GroupId
    account: AccountId


@operation(
    "groups.add_member",
    permission=Permission.GRANTS_MANAGE,
    tier=Tier.T2_DANGEROUS,
    planes=ON_CONSOLE,
    route=Route("POST", "/groups/{group}/members"),
)
def add_member(context: Context, member: Member) -> Done:
    """Put an account into a group.

    Raise BeyondYourRights for a group that may do more than the actor.
    """
    session = context.session
    group = find_group(context, member.group)
    rights.require_reach(context.actor, rights_of_group(session, group.id))
    account = account_rows.by_id(session, member.account)
    if session.get(Membership, (group.id, account.id)) is not None:
        return Done(done=False)
    session.add(Membership(group=group.id, account=account.id))
    context.event.change("member", None, account.id)
    own_way.recompile(context, [account.id])
    return Done()


@operation(
    "groups.remove_member",
    permission=Permission.GRANTS_MANAGE,
    tier=Tier.T2_DANGEROUS,
    planes=ON_CONSOLE,
    route=Route("DELETE", "/groups/{group}/members/{account}"),
)
def remove_member(context: Context, member: Member) -> Done:
    """Take an account out of a group.

    Raise LastOwner or BeyondYourRights.
    """
    context.event.change("member", member.account, None)
    return Done(leave(context, member.group, member.account))


def leave(context: Context, group: str, account: str) -> bool:
    """Take an account out of a group, within the running operation; tell whether it was in it.

    Raise NotFound, LastOwner or BeyondYourRights.
    """
    session = context.session
    with rights.an_owner_remains(session):
        found = find_group(context, group)
        rights.require_reach(context.actor, rights_of_group(session, found.id))
        removed = session.exec(
            delete(Membership).where(
                col(Membership.group) == found.id, col(Membership.account) == account
            )
        )
        own_way.recompile(context, [account])
    return bool(removed.rowcount)
