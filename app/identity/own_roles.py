"""What each role gives, the product's and the company's own."""

from collections.abc import Iterable
from typing import Final

import msgspec
from sqlmodel import Session, col, select

from app.core.errors import InvalidInput, NotFound
from app.core.messages import mark
from app.identity.compiling import PermissionsOf
from app.identity.models import Account, Grant, Membership, OwnRole
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


def holders_of(session: Session, role: str) -> list[str]:
    """Return the accounts that hold a role, themselves or through a group."""
    given = select(Grant.holder).where(Grant.role == role)
    direct = session.exec(select(Account.id).where(col(Account.id).in_(given))).all()
    members = session.exec(select(Membership.account).where(col(Membership.group).in_(given))).all()
    return sorted({*direct, *members})


def require_known(permissions: Iterable[str]) -> None:
    """Raise InvalidInput where one of them is no permission that can be given."""
    if not GRANTABLE.issuperset(permissions):
        raise InvalidInput(field="permissions", reason=mark("there is no such permission."))
