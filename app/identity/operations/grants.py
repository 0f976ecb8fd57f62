"""Giving and taking rights: account or group × permission or role × scope (F4)."""

from typing import Annotated

import msgspec
from msgspec import Meta
from sqlalchemy import delete
from sqlmodel import Session, col, select

from app.core.errors import InvalidInput, NotFound
from app.core.identifiers import new_identifier
from app.core.messages import mark
from app.identity import rights
from app.identity.models import Account, Grant, Group, Membership
from app.identity.operations.account_views import GrantRow
from app.identity.roles import Role
from app.operations.context import Context, Plane
from app.operations.operation import Route, Tier, operation
from app.operations.permissions import UNGRANTED, Permission

GRANTABLE = frozenset(permission.value for permission in frozenset(Permission) - UNGRANTED)


class NewGrant(msgspec.Struct, frozen=True, kw_only=True):
    """One permission or one role, for somebody, somewhere."""

    holder: Annotated[str, Meta(max_length=64, description="Identifier of an account or a group")]
    permission: Annotated[
        str, Meta(max_length=64, description="Permission; empty where a role is given")
    ] = ""
    role: Annotated[
        str, Meta(max_length=64, description="Role; empty where a permission is given")
    ] = ""
    scope: Annotated[
        str,
        Meta(
            max_length=256,
            pattern=r"^([a-z0-9_-]+(/[a-z0-9_-]+)*)?$(?!\n)",
            description="Where it holds, such as tables/12; empty: everywhere",
        ),
    ] = ""


class GrantRef(msgspec.Struct, frozen=True):
    """One grant."""

    grant: Annotated[str, Meta(max_length=64, description="Identifier of the grant")]


@operation(
    "grants.give",
    permission=Permission.GRANTS_MANAGE,
    tier=Tier.T2_DANGEROUS,
    planes=(Plane.CONSOLE,),
    route=Route("POST", "/grants", 201),
)
def give(context: Context, new: NewGrant) -> GrantRow:
    """Give an account or a group a permission or a role, from the next request on."""
    session = context.session
    if bool(new.permission) == bool(new.role):
        reason = mark("give either a permission or a role.")
        raise InvalidInput(field="role", reason=reason)
    if new.permission and new.permission not in GRANTABLE:
        raise InvalidInput(field="permission", reason=mark("there is no such permission."))
    if new.role and new.role not in set(Role):
        raise InvalidInput(field="role", reason=mark("there is no such role."))
    rights.require_reach(context.actor, rights.expand(new.permission, new.role, new.scope))
    affected = _affected(context, new.holder)
    grant = session.exec(
        select(Grant).where(
            Grant.holder == new.holder,
            Grant.permission == new.permission,
            Grant.role == new.role,
            Grant.scope == new.scope,
        )
    ).first()
    if grant is None:
        grant = Grant(
            id=new_identifier(),
            holder=new.holder,
            permission=new.permission,
            role=new.role,
            scope=new.scope,
            created_at=context.now,
        )
        session.add(grant)
        context.event.change("grant", None, _words(grant))
    rights.recompile(session, affected)
    return _row(grant)


@operation(
    "grants.take",
    permission=Permission.GRANTS_MANAGE,
    tier=Tier.T2_DANGEROUS,
    planes=(Plane.CONSOLE,),
    route=Route("DELETE", "/grants/{grant}"),
)
def take(context: Context, which: GrantRef) -> GrantRow:
    """Take a grant away; it is gone with the next request.

    Raise LastOwner or BeyondYourRights.
    """
    session = context.session
    with rights.an_owner_remains(session):
        grant = session.get(Grant, which.grant)
        if grant is None:
            raise NotFound(kind=mark("grant"), name=which.grant)
        rights.require_reach(
            context.actor, rights.expand(grant.permission, grant.role, grant.scope)
        )
        affected = _affected(context, grant.holder)
        taken = _row(grant)
        context.event.change("grant", _words(grant), None)
        session.exec(delete(Grant).where(col(Grant.id) == grant.id))
        rights.recompile(session, affected)
    return taken


def members_of(session: Session, group: str) -> list[str]:
    """Return the accounts of a group."""
    return list(session.exec(select(Membership.account).where(Membership.group == group)).all())


def _affected(context: Context, holder: str) -> list[str]:
    """Return the accounts whose rights a grant of `holder` changes. Raise NotFound."""
    session = context.session
    account = session.get(Account, holder)
    if account is not None:
        context.event.about("account", account.id, account.name)
        return [account.id]
    group = session.get(Group, holder)
    if group is None:
        raise NotFound(kind=mark("account or group"), name=holder)
    context.event.about("group", group.id, group.name)
    return members_of(session, group.id)


def _row(grant: Grant) -> GrantRow:
    return GrantRow(**{field: getattr(grant, field) for field in GrantRow.__struct_fields__})


def _words(grant: Grant) -> str:
    return " ".join(filter(None, (grant.role or grant.permission, grant.scope)))
