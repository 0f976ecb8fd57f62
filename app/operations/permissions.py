"""Permissions, scopes and rights: who may do what, where.

A *scope* is a path: empty is everything, `tables` an area, `tables/12` one table,
`tables/12/views/7` one view of it. A grant covers its scope and all below it.
"""

import enum
from collections.abc import Iterable
from typing import Final, Self

EVERYTHING: Final = ""


class Permission(enum.StrEnum):
    """Everything that an operation may ask for. Seeing and downloading are apart (F4)."""

    ANYBODY = "anybody"
    """Signed in or not; never granted."""
    SIGNED_IN = "signed_in"
    """Any person who is signed in, for their own things; never granted."""

    ACCOUNTS_VIEW = "accounts.view"
    ACCOUNTS_MANAGE = "accounts.manage"
    ACCOUNTS_EXPORT = "accounts.export"
    GRANTS_MANAGE = "grants.manage"
    SESSIONS_MANAGE = "sessions.manage"
    REQUESTS_APPROVE = "requests.approve"
    AUDIT_VIEW = "audit.view"
    AUDIT_EXPORT = "audit.export"
    AUDIT_ERASE = "audit.erase"
    BACKUPS_VIEW = "backups.view"
    BACKUPS_RUN = "backups.run"
    BACKUPS_MANAGE = "backups.manage"
    MACHINE_VIEW = "machine.view"
    MACHINE_MANAGE = "machine.manage"
    JOBS_VIEW = "jobs.view"
    JOBS_MANAGE = "jobs.manage"
    KEYS_MANAGE = "keys.manage"
    SETTINGS_VIEW = "settings.view"
    SETTINGS_MANAGE = "settings.manage"
    TABLES_DESIGN = "tables.design"
    RECORDS_VIEW = "records.view"
    RECORDS_CREATE = "records.create"
    RECORDS_EDIT = "records.edit"
    RECORDS_DELETE = "records.delete"
    RECORDS_IMPORT = "records.import"
    RECORDS_EXPORT = "records.export"


UNGRANTED: Final = frozenset({Permission.ANYBODY, Permission.SIGNED_IN})


def covers(granted: str, asked: str) -> bool:
    """Tell whether a grant on scope `granted` reaches scope `asked`."""
    return granted in (EVERYTHING, asked) or asked.startswith(granted + "/")


def overlap(one: str, other: str) -> bool:
    """Tell whether two scopes have something in common: one lies within the other."""
    return covers(one, other) or covers(other, one)


class Rights:
    """What one person may do: permission → scopes, and what was taken from it. Immutable.

    What is taken wins over what is given. A scope of which a part was taken is not held as a
    whole: who asks for the whole is refused, who asks for another part of it is not.
    """

    __slots__ = ("_scopes", "_taken")

    def __init__(
        self, grants: Iterable[tuple[str, str]] = (), taken: Iterable[tuple[str, str]] = ()
    ) -> None:
        away = _by_permission(taken)
        self._scopes = {
            name: kept
            for name, found in _by_permission(grants).items()
            if (kept := _uncovered(found, away.get(name, frozenset())))
        }
        self._taken = {
            name: kept
            for name, found in away.items()
            if (kept := _beneath(found, self._scopes.get(name, frozenset())))
        }

    def allows(self, permission: Permission, scope: str = EVERYTHING) -> bool:
        """Tell whether `permission` holds on all of `scope`."""
        given = any(covers(granted, scope) for granted in self._scopes.get(permission, ()))
        return given and not any(overlap(gone, scope) for gone in self._taken.get(permission, ()))

    def allows_somewhere(self, permission: Permission) -> bool:
        """Tell whether `permission` holds on any scope at all: for menus."""
        return permission in self._scopes

    def beneath(self, permission: Permission, scope: str) -> list[str]:
        """Return the scopes inside of `scope` on which `permission` holds: parts of it."""
        return sorted(
            one
            for one in self._scopes.get(permission, ())
            if one != scope and covers(scope, one) and self.allows(permission, one)
        )

    def scopes(self, permission: Permission) -> frozenset[str]:
        """Return the scopes on which `permission` was granted."""
        return self._scopes.get(permission, frozenset())

    def grants(self) -> frozenset[tuple[str, str]]:
        """Return all pairs of permission and scope that are given."""
        return _pairs(self._scopes)

    def taken(self) -> frozenset[tuple[str, str]]:
        """Return the pairs that are taken out of what is given."""
        return _pairs(self._taken)

    def narrowed(self, other: "Rights") -> Self:
        """Return what both hold: a token never does more than its person may (F4)."""
        mine, theirs = self.grants(), other.grants()
        return type(self)(
            [
                *(pair for pair in mine if other.gives(*pair)),
                *(pair for pair in theirs if self.gives(*pair)),
            ],
            self.taken() | other.taken(),
        )

    def within(self, other: "Rights") -> bool:
        """Tell whether everything that these rights allow is allowed by `other` too."""
        return all(
            other.gives(name, scope)
            and all(
                any(covers(mine, gone) for mine in self._taken.get(name, ()))
                for gone in other.taken_from(name)
                if overlap(gone, scope)
            )
            for name, scope in self.grants()
        )

    def gives(self, permission: str, scope: str) -> bool:
        """Tell whether a grant reaches `scope`, whatever was taken out of it."""
        return any(covers(granted, scope) for granted in self._scopes.get(permission, ()))

    def taken_from(self, permission: str) -> frozenset[str]:
        """Return the scopes that are taken out of `permission`."""
        return self._taken.get(permission, frozenset())


def _by_permission(pairs: Iterable[tuple[str, str]]) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for permission, scope in pairs:
        found.setdefault(permission, set()).add(scope)
    return {name: frozenset(scopes) for name, scopes in found.items()}


def _pairs(scopes: dict[str, frozenset[str]]) -> frozenset[tuple[str, str]]:
    return frozenset((name, scope) for name, found in scopes.items() for scope in found)


def _uncovered(given: frozenset[str], taken: frozenset[str]) -> frozenset[str]:
    return frozenset(each for each in given if not any(covers(gone, each) for gone in taken))


def _beneath(taken: frozenset[str], given: frozenset[str]) -> frozenset[str]:
    return frozenset(gone for gone in taken if any(covers(each, gone) for each in given))
