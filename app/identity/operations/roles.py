"""Roles: those of the product, and a company's own (F4, METI-45, METI-50).

Whoever makes or changes a role could give through it: so its administrative permissions must be
within their own rights, as with a grant.
"""

from typing import Annotated

import msgspec
from msgspec import Meta
from sqlalchemy import delete, func, update
from sqlmodel import Session, col, select

from app.core.errors import Conflict
from app.core.identifiers import new_identifier
from app.core.messages import LANGUAGES, translate
from app.identity import own_roles, own_way, rights
from app.identity.errors import RoleInUse, RoleNameTaken
from app.identity.fields import Name, Rev
from app.identity.models import Grant, OwnRole
from app.identity.operations.expulsion import Done
from app.identity.operations.role_effects import Permissions, RoleId
from app.identity.roles import DESCRIPTIONS, NAMES, PERMISSIONS, Role
from app.operations.context import Context, Plane
from app.operations.operation import Effect, NoRequest, Route, Tier, operation
from app.operations.permissions import EVERYTHING, Permission, Rights

ON_CONSOLE = (Plane.CONSOLE,)
Description = Annotated[str, Meta(max_length=256, description="What it is for")]


class RoleRow(msgspec.Struct, frozen=True, kw_only=True):
    """One role."""

    role: str
    """Identifier."""
    name: str
    """Of the product's roles in English, pages translate it; of own ones as it was typed."""
    description: str
    """As the name."""
    permissions: list[str]
    """What it gives, sorted."""
    own: bool
    """Made by the company."""
    rev: int
    """To be given back with a change; 0 for the product's."""
    given: int
    """How many times it was given to somebody or to a group."""


class RoleList(msgspec.Struct, frozen=True):
    """All roles."""

    items: list[RoleRow]
    """The product's from the one that may most, then the company's own by name."""


class RoleRef(msgspec.Struct, frozen=True):
    """One role."""

    role: RoleId


class NewRole(msgspec.Struct, frozen=True, kw_only=True):
    """A role to be made."""

    name: Name
    description: Description = ""
    permissions: Permissions


class RoleChange(msgspec.Struct, frozen=True, kw_only=True):
    """What an own role shall be from now on."""

    role: RoleId
    rev: Rev
    name: Name
    description: Description = ""
    permissions: Permissions


class RoleDeletion(msgspec.Struct, frozen=True, kw_only=True):
    """An own role that shall go."""

    role: RoleId
    rev: Rev
    with_grants: Annotated[
        bool, Meta(description="Take it from everybody who holds it; else it must be unused")
    ] = False


@operation(
    "roles.list",
    permission=Permission.ACCOUNTS_VIEW,
    effect=Effect.READ,
    planes=ON_CONSOLE,
    route=Route("GET", "/roles"),
)
def list_roles(context: Context, _: NoRequest) -> RoleList:
    """Show each role with what it may do."""
    session = context.session
    given = dict(
        session.exec(
            select(Grant.role, func.count()).where(Grant.role != "").group_by(col(Grant.role))
        ).all()
    )
    built_in = [_built_in(role, given.get(role.value, 0)) for role in Role]
    own = session.exec(select(OwnRole).order_by(OwnRole.name)).all()
    return RoleList([*built_in, *(_own(role, given.get(role.id, 0)) for role in own)])


@operation(
    "roles.get",
    permission=Permission.ACCOUNTS_VIEW,
    effect=Effect.READ,
    planes=ON_CONSOLE,
    route=Route("GET", "/roles/{role}"),
)
def get_role(context: Context, which: RoleRef) -> RoleRow:
    """Show one role."""
    given = _given(context.session, which.role)
    if which.role in set(Role):
        return _built_in(Role(which.role), given)
    return _own(own_roles.find_role(context.session, which.role), given)


@operation(
    "roles.create",
    permission=Permission.GRANTS_MANAGE,
    tier=Tier.T2_DANGEROUS,
    planes=ON_CONSOLE,
    route=Route("POST", "/roles", 201),
)
def create_role(context: Context, new: NewRole) -> RoleRow:
    """Make a role of the company's own.

    Raise RoleNameTaken or BeyondYourRights.
    """
    session = context.session
    _require_free(session, new.name)
    role = OwnRole(
        id=new_identifier(),
        name=new.name,
        description=new.description,
        permissions=_allowed(context, new.permissions),
        created_by=context.actor.account,
        created_at=context.now,
    )
    session.add(role)
    context.event.about("role", role.id, role.name)
    context.event.change("permissions", None, role.permissions)
    own_way.recompile(context, [], also=[role.id])
    return _own(role, 0)


@operation(
    "roles.update",
    permission=Permission.GRANTS_MANAGE,
    tier=Tier.T2_DANGEROUS,
    planes=ON_CONSOLE,
    route=Route("PATCH", "/roles/{role}"),
)
def update_role(context: Context, change: RoleChange) -> RoleRow:
    """Change an own role; it acts on the next request of everybody who holds it.

    Raise RoleNameTaken, BeyondYourRights or Conflict.
    """
    session = context.session
    role = _reachable(context, change.role)
    if role.name != change.name:
        _require_free(session, change.name)
    permissions = _allowed(context, change.permissions)
    values = {
        "name": change.name,
        "description": change.description,
        "permissions": permissions,
    }
    for field, value in values.items():
        if getattr(role, field) != value:
            context.event.change(field, getattr(role, field), value)
    changed = session.exec(
        update(OwnRole)
        .where(col(OwnRole.id) == role.id, col(OwnRole.rev) == change.rev)
        .values(**values, rev=change.rev + 1)
    )
    if changed.rowcount != 1:
        raise Conflict(name=role.name)
    session.refresh(role)
    own_way.recompile(context, own_roles.holders_of(session, role.id), also=[role.id])
    return _own(role, _given(session, role.id))


@operation(
    "roles.delete",
    permission=Permission.GRANTS_MANAGE,
    tier=Tier.T2_DANGEROUS,
    planes=ON_CONSOLE,
    route=Route("DELETE", "/roles/{role}"),
)
def delete_role(context: Context, which: RoleDeletion) -> Done:
    """Delete an own role that is unused, or together with the grants that gave it.

    Raise RoleInUse, BeyondYourRights or Conflict.
    """
    session = context.session
    role = _reachable(context, which.role)
    given = _given(session, role.id)
    if given and not which.with_grants:
        raise RoleInUse(name=role.name, count=given)
    if role.rev != which.rev:
        raise Conflict(name=role.name)
    holders = own_roles.holders_of(session, role.id)
    groups = session.exec(select(Grant.holder).where(Grant.role == role.id)).all()
    context.event.change("permissions", role.permissions, None)
    context.event.numbers["grants"] = given
    session.exec(delete(Grant).where(col(Grant.role) == role.id))
    session.exec(delete(OwnRole).where(col(OwnRole.id) == role.id))
    own_way.recompile(context, holders, also=[role.id, *groups])
    return Done()


def _given(session: Session, role: str) -> int:
    return session.exec(select(func.count()).select_from(Grant).where(Grant.role == role)).one()


def _reachable(context: Context, identifier: str) -> OwnRole:
    """Return an own role that the actor may change. Raise NotFound or BeyondYourRights."""
    role = own_roles.find_role(context.session, identifier)
    context.event.about("role", role.id, role.name)
    held = own_roles.read_permissions(role.permissions)
    rights.require_reach(context.actor, Rights((each, EVERYTHING) for each in held))
    return role


def _allowed(context: Context, permissions: list[str]) -> str:
    """Return permissions as they are stored. Raise InvalidInput or BeyondYourRights."""
    own_roles.require_known(permissions)
    rights.require_reach(context.actor, Rights((each, EVERYTHING) for each in permissions))
    return own_roles.write_permissions(permissions)


def _require_free(session: Session, name: str) -> None:
    """Raise RoleNameTaken if a role has this name, be it one of the product's in any language."""
    built_in = {
        translate(language, each).casefold() for each in NAMES.values() for language in LANGUAGES
    }
    taken = session.exec(select(OwnRole.id).where(OwnRole.name == name)).first()
    if name.casefold() in built_in or taken is not None:
        raise RoleNameTaken(name=name)


def _built_in(role: Role, given: int) -> RoleRow:
    return RoleRow(
        role=role.value,
        name=NAMES[role],
        description=DESCRIPTIONS[role],
        permissions=sorted(PERMISSIONS[role]),
        own=False,
        rev=0,
        given=given,
    )


def _own(role: OwnRole, given: int) -> RoleRow:
    return RoleRow(
        role=role.id,
        name=role.name,
        description=role.description,
        permissions=sorted(own_roles.read_permissions(role.permissions)),
        own=True,
        rev=role.rev,
        given=given,
    )
