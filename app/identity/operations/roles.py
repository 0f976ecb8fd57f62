"""The roles that the product knows."""

import msgspec

from app.identity.roles import DESCRIPTIONS, NAMES, PERMISSIONS, Role
from app.operations.context import Context, Plane
from app.operations.operation import Effect, NoRequest, Route, operation
from app.operations.permissions import Permission


class RoleRow(msgspec.Struct, frozen=True, kw_only=True):
    """One role."""

    role: str
    """Identifier."""
    name: str
    """English; pages translate it."""
    description: str
    """English; pages translate it."""
    permissions: list[str]
    """What it gives, sorted."""


class RoleList(msgspec.Struct, frozen=True):
    """All roles."""

    items: list[RoleRow]
    """From the one that may most."""


@operation(
    "roles.list",
    permission=Permission.ACCOUNTS_VIEW,
    effect=Effect.READ,
    planes=(Plane.CONSOLE,),
    route=Route("GET", "/roles"),
)
def list_roles(context: Context, _: NoRequest) -> RoleList:
    """Show each role with what it may do."""
    del context  # the same for everybody
    return RoleList(
        [
            RoleRow(
                role=role.value,
                name=NAMES[role],
                description=DESCRIPTIONS[role],
                permissions=sorted(PERMISSIONS[role]),
            )
            for role in Role
        ]
    )
