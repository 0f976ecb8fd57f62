"""Permissions in words, for pages where people choose among them."""

from typing import Final

from app.core.messages import mark
from app.operations.permissions import Permission

PERMISSION_NAMES: Final[dict[str, str]] = {
    Permission.ACCOUNTS_VIEW: mark("See accounts"),
    Permission.ACCOUNTS_MANAGE: mark("Manage accounts"),
    Permission.ACCOUNTS_EXPORT: mark("Export accounts"),
    Permission.GRANTS_MANAGE: mark("Give and take rights"),
    Permission.SESSIONS_MANAGE: mark("See and end sessions of others"),
    Permission.REQUESTS_APPROVE: mark("Approve requests of others"),
    Permission.AUDIT_VIEW: mark("See the history"),
    Permission.AUDIT_EXPORT: mark("Export the history"),
    Permission.AUDIT_ERASE: mark("Erase personal values from the history"),
    Permission.BACKUPS_VIEW: mark("See backups"),
    Permission.BACKUPS_RUN: mark("Run backups"),
    Permission.BACKUPS_MANAGE: mark("Set up backups"),
    Permission.MACHINE_VIEW: mark("See network and access"),
    Permission.MACHINE_MANAGE: mark("Change network and access"),
    Permission.JOBS_VIEW: mark("See jobs of others"),
    Permission.JOBS_MANAGE: mark("Stop jobs of others"),
    Permission.KEYS_MANAGE: mark("Manage encryption keys"),
    Permission.SETTINGS_VIEW: mark("See settings"),
    Permission.SETTINGS_MANAGE: mark("Change settings"),
    Permission.TABLES_DESIGN: mark("Make and change tables"),
    Permission.RECORDS_VIEW: mark("See records"),
    Permission.RECORDS_CREATE: mark("Add records"),
    Permission.RECORDS_EDIT: mark("Change records"),
    Permission.RECORDS_DELETE: mark("Delete records"),
    Permission.RECORDS_IMPORT: mark("Import records"),
    Permission.RECORDS_EXPORT: mark("Export records"),
}
"""In the order in which they are offered."""
