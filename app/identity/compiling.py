"""What grants add up to: pure, so that it can be compared with a plain oracle (F4, METI-45)."""

from collections.abc import Iterable, Mapping

import msgspec

from app.identity.roles import Role
from app.operations.permissions import EVERYTHING, Rights

PermissionsOf = Mapping[str, frozenset[str]]
"""Role → what it gives."""


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """One grant, as it stands or stood."""

    id: str
    permission: str = ""
    """Empty where a role is given."""
    role: str = ""
    scope: str = ""
    taken: bool = False
    """Takes away instead of giving."""
    until: int = 0
    """Milliseconds; 0: without end."""

    def is_live(self, at: int) -> bool:
        """Tell whether it has not ended by `at`."""
        return self.until == 0 or at < self.until

    def permissions(self, roles: PermissionsOf) -> frozenset[str]:
        """Return what it gives or takes. A role that is gone is nothing."""
        return roles.get(self.role, frozenset()) if self.role else frozenset({self.permission})

    def pairs(self, roles: PermissionsOf) -> set[tuple[str, str]]:
        """Return what it gives or takes, each with the scope."""
        return {(each, self.scope) for each in self.permissions(roles)}


class Compiled(msgspec.Struct, frozen=True):
    """What all grants of one account add up to."""

    rights: Rights
    is_owner: bool
    """Owner of everything, whole and without an end."""
    until: int
    """When the first of the grants ends (ms); 0: never."""


def compile_rights(grants: Iterable[Given], roles: PermissionsOf, at: int) -> Compiled:
    """Add up the grants that an account holds at `at`, its own and those of its groups.

    What is taken wins over what is given. Whoever owns only until a day, or from whom something
    was taken, is no owner who remains.
    """
    live = [grant for grant in grants if grant.is_live(at)]
    rights = Rights(
        (pair for grant in live if not grant.taken for pair in grant.pairs(roles)),
        (pair for grant in live if grant.taken for pair in grant.pairs(roles)),
    )
    is_owner = any(
        (grant.role, grant.scope, grant.taken, grant.until) == (Role.OWNER, EVERYTHING, False, 0)
        for grant in live
    )
    return Compiled(
        rights=rights,
        is_owner=is_owner and _whole(roles).within(rights),
        until=min((grant.until for grant in live if grant.until), default=0),
    )


def _whole(roles: PermissionsOf) -> Rights:
    """Return what an owner of everything holds."""
    return Rights((each, EVERYTHING) for each in roles.get(Role.OWNER, ()))
