"""What each role gives, the product's and the company's own."""

from collections.abc import Iterable
from typing import Final

import msgspec
from sqlmodel import Session, select

from app.core.errors import NotFound
from app.core.messages import mark
from app.identity.compiling import PermissionsOf
from app.identity.models import OwnRole
from app.identity.roles import NAMES, PERMISSIONS, Role
from app.operations.permissions import UNGRANTED, Permission

GRANTABLE: Final = frozenset(permission.value for permission in frozenset(Permission) - UNGRANTED)
BUILT_IN: Final[PermissionsOf] = {
    role.value: frozenset(each.value for each in held) for role, held in PERMISSIONS.items()
}


def permissions_of_roles(session: Session) -> PermissionsOf:
    """Return for each role what it gives."""
    own = session.exec(select(OwnRole.id, OwnRole.permissions)).all()
    return {**BUILT_IN, **{role: read_permissions(text) for role, text in own}}


def role_names(session: Session) -> dict[str, str]:
    """Return the name of each role; those of the product's are English, pages translate them."""
    return {**{role.value: NAMES[role] for role in Role}, **own_names(session)}


def own_names(session: Session) -> dict[str, str]:
    """Return the names of the company's own roles, by identifier."""
    return dict(session.exec(select(OwnRole.id, OwnRole.name)).all())


def find_role(session: Session, role: str) -> OwnRole:
    """Return a role of the company's own. Raise NotFound."""
    found = session.get(OwnRole, role)
    if found is None:
        raise NotFound(kind=mark("role"), name=role)
    return found


def read_permissions(text: str) -> frozenset[str]:
    """Return the permissions of a stored text. What this release does not know gives nothing."""
    return frozenset(msgspec.json.decode(text, type=list[str])) & GRANTABLE


def write_permissions(permissions: Iterable[str]) -> str:
    """Return permissions as text, always the same for the same ones."""
    return msgspec.json.encode(sorted(set(permissions))).decode()
