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


class Rights:
    """What one person may do: permission → scopes. Immutable; empty means nothing."""

    __slots__ = ("_scopes",)

    def __init__(self, grants: Iterable[tuple[str, str]] = ()) -> None:
        scopes: dict[str, set[str]] = {}
        for permission, scope in grants:
            scopes.setdefault(permission, set()).add(scope)
        self._scopes = {name: frozenset(found) for name, found in scopes.items()}

    def allows(self, permission: Permission, scope: str = EVERYTHING) -> bool:
        """Tell whether `permission` holds on `scope`."""
        return any(covers(granted, scope) for granted in self._scopes.get(permission, ()))

    def allows_somewhere(self, permission: Permission) -> bool:
        """Tell whether `permission` holds on any scope at all: for menus."""
        return permission in self._scopes

    def scopes(self, permission: Permission) -> frozenset[str]:
        """Return the scopes on which `permission` was granted."""
        return self._scopes.get(permission, frozenset())

    def grants(self) -> frozenset[tuple[str, str]]:
        """Return all pairs of permission and scope."""
        return frozenset((name, scope) for name, found in self._scopes.items() for scope in found)

    def narrowed(self, other: "Rights") -> Self:
        """Return what both hold: a token never does more than its person may (F4)."""
        mine, theirs = self.grants(), other.grants()
        return type(self)(
            [
                *((name, scope) for name, scope in mine if other.allows(Permission(name), scope)),
                *((name, scope) for name, scope in theirs if self.allows(Permission(name), scope)),
            ]
        )

    def within(self, other: "Rights") -> bool:
        """Tell whether every grant of these rights is covered by `other`."""
        return all(other.allows(Permission(name), scope) for name, scope in self.grants())
