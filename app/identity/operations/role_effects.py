"""What a change of a role would do to whom, before it is made."""

from typing import Annotated

import msgspec
from msgspec import Meta
from sqlmodel import col, select

from app.identity import own_roles, rights
from app.identity.compiling import PermissionsOf
from app.identity.models import Account
from app.operations.context import Context, Plane
from app.operations.operation import Effect, Route, operation
from app.operations.permissions import Permission

ON_CONSOLE = (Plane.CONSOLE,)
RoleId = Annotated[str, Meta(max_length=64, description="Identifier of the role")]
Permissions = Annotated[
    list[Annotated[str, Meta(max_length=64)]],
    Meta(max_length=100, description="What it gives, such as records.view"),
]


class RolePreview(msgspec.Struct, frozen=True, kw_only=True):
    """What a role might give instead."""

    role: RoleId
    permissions: Permissions


class RoleEffect(msgspec.Struct, frozen=True, kw_only=True):
    """What a change of a role would do to one person."""

    account: str
    """Identifier."""
    login_id: str
    """One spelling."""
    name: str
    """As others see it."""
    gains: list[tuple[str, str]]
    """Pairs of permission and scope that come."""
    loses: list[tuple[str, str]]
    """Pairs of permission and scope that go."""


class RoleEffects(msgspec.Struct, frozen=True):
    """Who would gain and lose what."""

    items: list[RoleEffect]
    """By login ID; who neither gains nor loses is left out."""
    holders: int
    """How many people hold the role at all."""


@operation(
    "roles.preview",
    permission=Permission.GRANTS_MANAGE,
    effect=Effect.REVEAL,
    planes=ON_CONSOLE,
    route=Route("POST", "/roles/{role}/preview"),
)
def preview_role(context: Context, wanted: RolePreview) -> RoleEffects:
    """Show who would gain or lose what if a role gave something else."""
    session = context.session
    role = own_roles.find_role(session, wanted.role)
    context.event.about("role", role.id, role.name)
    own_roles.require_known(wanted.permissions)
    now = own_roles.permissions_of_roles(session)
    holders = own_roles.holders_of(session, role.id)
    effects = _effects(context, holders, now, {**now, role.id: frozenset(wanted.permissions)})
    context.event.numbers["rows"] = len(effects)
    return RoleEffects(effects, len(holders))


def _effects(
    context: Context, accounts: list[str], before: PermissionsOf, after: PermissionsOf
) -> list[RoleEffect]:
    session, now = context.session, context.now
    was = rights.compiled_of(session, accounts, before, now)
    will = rights.compiled_of(session, accounts, after, now)
    people = session.exec(
        select(Account).where(col(Account.id).in_(accounts)).order_by(Account.login_id)
    ).all()
    found = []
    for one in people:
        had, has = was[one.id].rights.grants(), will[one.id].rights.grants()
        if had != has:
            found.append(
                RoleEffect(
                    account=one.id,
                    login_id=one.login_id,
                    name=one.name,
                    gains=sorted(has - had),
                    loses=sorted(had - has),
                )
            )
    return found
