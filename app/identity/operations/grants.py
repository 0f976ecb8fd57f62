"""Giving and taking rights: account or group × permission or role × scope (F4)."""

from typing import Annotated

import msgspec
from msgspec import Meta
from sqlalchemy import delete
from sqlmodel import Session, col, select

from app.core.errors import InvalidInput, NotFound
from app.core.identifiers import new_identifier
from app.core.messages import mark
from app.identity import own_roles, own_way, rights
from app.identity.models import Account, Grant, Group, Membership
from app.identity.operations.account_views import GrantRow
from app.operations.context import Context, Plane
from app.operations.operation import Route, Tier, operation
from app.operations.permissions import Permission


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
    taken: Annotated[bool, Meta(description="Takes it from one person, whatever else gives it")] = (
        False
    )
    until: Annotated[
        int, Meta(ge=0, lt=2**62, description="When it ends by itself (ms); 0: never")
    ] = 0


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
    """Give somebody a permission or a role or take it from one person, for ever or until a day.

    Raise LastOwner or BeyondYourRights.
    """
    session = context.session
    _check(context, new)
    with rights.an_owner_remains(session):
        affected = _affected(context, new.holder, taken=new.taken)
        grant = session.exec(
            select(Grant).where(
                Grant.holder == new.holder,
                Grant.permission == new.permission,
                Grant.role == new.role,
                Grant.scope == new.scope,
                Grant.taken == new.taken,
            )
        ).first()
        if grant is None:
            grant = Grant(
                id=new_identifier(),
                **msgspec.structs.asdict(new),
                created_by=context.actor.account,
                created_at=context.now,
            )
            session.add(grant)
            context.event.change("grant", None, words_of(grant))
        elif grant.until != new.until:
            before, grant.until = words_of(grant), new.until
            context.event.change("grant", before, words_of(grant))
        own_way.recompile(context, affected, also=[new.holder])
    return _row(grant)


@operation(
    "grants.take",
    permission=Permission.GRANTS_MANAGE,
    tier=Tier.T2_DANGEROUS,
    planes=(Plane.CONSOLE,),
    route=Route("DELETE", "/grants/{grant}"),
)
def take(context: Context, which: GrantRef) -> GrantRow:
    """Take a grant back; it is gone with the next request.

    Raise LastOwner or BeyondYourRights.
    """
    grant = context.session.get(Grant, which.grant)
    if grant is None:
        raise NotFound(kind=mark("grant"), name=which.grant)
    context.event.change("grant", words_of(grant), None)
    return withdraw(context, grant)


def withdraw(context: Context, grant: Grant) -> GrantRow:
    """Take one grant back, within the running operation. Raise LastOwner or BeyondYourRights."""
    session = context.session
    with rights.an_owner_remains(session):
        rights.require_reach(
            context.actor, rights.expand(session, grant.permission, grant.role, grant.scope)
        )
        affected = _affected(context, grant.holder)
        taken = _row(grant)
        session.exec(delete(Grant).where(col(Grant.id) == grant.id))
        own_way.recompile(context, affected, also=[grant.holder])
    return taken


def members_of(session: Session, group: str) -> list[str]:
    """Return the accounts of a group."""
    return list(session.exec(select(Membership.account).where(Membership.group == group)).all())


def words_of(grant: Grant) -> str:
    """Return a grant as the history tells it: what, where, and until when (ms)."""
    return " ".join(
        filter(
            None,
            (
                "-" if grant.taken else "",
                grant.role or grant.permission,
                grant.scope,
                f"until {grant.until}" if grant.until else "",
            ),
        )
    )


def _check(context: Context, new: NewGrant) -> None:
    """Raise InvalidInput for what cannot be granted, BeyondYourRights for what is too much."""
    if bool(new.permission) == bool(new.role):
        reason = mark("give either a permission or a role.")
        raise InvalidInput(field="role", reason=reason)
    if new.permission and new.permission not in own_roles.GRANTABLE:
        raise InvalidInput(field="permission", reason=mark("there is no such permission."))
    if new.role and new.role not in own_roles.permissions_of_roles(context.session):
        raise InvalidInput(field="role", reason=mark("there is no such role."))
    if new.until and new.until <= context.now:
        raise InvalidInput(field="until", reason=mark("this moment is over already."))
    rights.require_reach(
        context.actor, rights.expand(context.session, new.permission, new.role, new.scope)
    )


def _affected(context: Context, holder: str, *, taken: bool = False) -> list[str]:
    """Return the accounts whose rights a grant of `holder` changes. Raise NotFound."""
    session = context.session
    account = session.get(Account, holder)
    if account is not None:
        context.event.about("account", account.id, account.name)
        return [account.id]
    group = session.get(Group, holder)
    if group is None:
        raise NotFound(kind=mark("account or group"), name=holder)
    if taken:
        reason = mark("a right is taken from one person, not from a group.")
        raise InvalidInput(field="taken", reason=reason)
    context.event.about("group", group.id, group.name)
    return members_of(session, group.id)


def _row(grant: Grant) -> GrantRow:
    return GrantRow(**{field: getattr(grant, field) for field in GrantRow.__struct_fields__})
