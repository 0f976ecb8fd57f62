"""Roles: named bundles of permissions (F4, METI-45, METI-50).

A grant of a role is kept by its name, so that what a release adds to a bundle reaches everybody
who holds it (`rights.recompile` after a migration).
"""

import enum
from typing import Final

from app.core.messages import mark
from app.operations.permissions import UNGRANTED, Permission


class Role(enum.StrEnum):
    """The bundles that come with the product."""

    OWNER = "owner"
    SECURITY_ADMINISTRATOR = "security_administrator"
    OPERATOR = "operator"
    AUDITOR = "auditor"
    VIEWER = "viewer"
    STAFF = "staff"


P = Permission

PERMISSIONS: Final[dict[Role, frozenset[Permission]]] = {
    Role.OWNER: frozenset(Permission) - UNGRANTED,
    Role.SECURITY_ADMINISTRATOR: frozenset(
        {
            P.ACCOUNTS_VIEW,
            P.ACCOUNTS_MANAGE,
            P.GRANTS_MANAGE,
            P.SESSIONS_MANAGE,
            P.REQUESTS_APPROVE,
            P.AUDIT_VIEW,
            P.AUDIT_EXPORT,
            P.SETTINGS_VIEW,
            P.BACKUPS_VIEW,
            P.JOBS_VIEW,
            P.MACHINE_VIEW,
            P.MACHINE_MANAGE,
        }
    ),
    Role.OPERATOR: frozenset(
        {
            P.MACHINE_VIEW,
            P.MACHINE_MANAGE,
            P.SETTINGS_VIEW,
            P.SETTINGS_MANAGE,
            P.BACKUPS_VIEW,
            P.BACKUPS_RUN,
            P.BACKUPS_MANAGE,
            P.JOBS_VIEW,
            P.JOBS_MANAGE,
            P.REQUESTS_APPROVE,
            P.AUDIT_VIEW,
        }
    ),
    # reads and exports, changes nothing
    Role.AUDITOR: frozenset(
        {
            P.ACCOUNTS_VIEW,
            P.ACCOUNTS_EXPORT,
            P.AUDIT_VIEW,
            P.AUDIT_EXPORT,
            P.BACKUPS_VIEW,
            P.JOBS_VIEW,
            P.MACHINE_VIEW,
            P.SETTINGS_VIEW,
        }
    ),
    Role.VIEWER: frozenset({P.BACKUPS_VIEW, P.JOBS_VIEW, P.MACHINE_VIEW, P.SETTINGS_VIEW}),
    Role.STAFF: frozenset(
        {
            P.TABLES_DESIGN,
            P.RECORDS_VIEW,
            P.RECORDS_CREATE,
            P.RECORDS_EDIT,
            P.RECORDS_DELETE,
            P.RECORDS_IMPORT,
            P.RECORDS_EXPORT,
        }
    ),
}

NAMES: Final[dict[Role, str]] = {
    Role.OWNER: mark("Owner"),
    Role.SECURITY_ADMINISTRATOR: mark("Security administrator"),
    Role.OPERATOR: mark("Operator"),
    Role.AUDITOR: mark("Auditor"),
    Role.VIEWER: mark("Viewer"),
    Role.STAFF: mark("Staff"),
}

DESCRIPTIONS: Final[dict[Role, str]] = {
    Role.OWNER: mark("May do everything. There is always at least one."),
    Role.SECURITY_ADMINISTRATOR: mark("Manages accounts, rights and sessions; sees the history."),
    Role.OPERATOR: mark("Runs the machine: settings, backups, jobs."),
    Role.AUDITOR: mark("Reads and exports accounts and history; changes nothing."),
    Role.VIEWER: mark("Sees the state of the machine."),
    Role.STAFF: mark("Works with records in the workspace."),
}


def is_administrative(permission: str) -> bool:
    """Tell whether a permission governs the appliance, rather than the work done with it.

    It opens the console, and only who holds it gives it on.
    """
    return not permission.startswith(("records.", "tables."))
