"""What people read where the program keeps a short name: kinds of jobs, counts, fields, errors.

The English stands here, to be translated where it is shown. What is not listed is shown as it is
kept.
"""

import functools
from collections.abc import Mapping
from typing import Any, Final

from app.core.errors import TenshuError
from app.core.messages import mark, translate
from appliance.contract.errors import ApplianceError

JOB_KINDS: Final = {
    "evidence.make": mark("Evidence for a period"),
    "people.import": mark("Import of a personnel list"),
    "privacy.forget": mark("Erasure of a person"),
    "privacy.search": mark("Search for a person"),
    "tables.import": mark("Import of a table"),
    "tables.remove_outdated": mark("Removal of what is kept no longer"),
}

MAIL_KINDS: Final = {
    "mail.test": mark("Test mail"),
    "offsite.daily": mark("Daily report on the history"),
    "people.invitation": mark("Invitation"),
    "people.password_link": mark("Link for a new password"),
    "reviews.overdue": mark("Reminder of an overdue access review"),
    "reviews.soon": mark("Reminder of an access review"),
}

FIELDS: Final = {
    "absent": mark("Not in the list"),
    "account": mark("Account"),
    "accounts": mark("People"),
    "action": mark("Task"),
    "approved_by": mark("Approved by"),
    "archive": mark("Archive"),
    "authority": mark("Certificate of the authority"),
    "archives": mark("Archives"),
    "attempt": mark("Attempt"),
    "based_on": mark("Version that it was made from"),
    "basis": mark("Reason"),
    "before": mark("Before"),
    "by": mark("By"),
    "bytes": mark("Size"),
    "campaign": mark("Review"),
    "certificate": mark("Certificate"),
    "change": mark("Number of the change"),
    "changed": mark("Changed"),
    "chain": mark("Certificate and chain"),
    "columns": mark("Columns"),
    "command": mark("Command"),
    "confirm_seconds": mark("Seconds in which it has to be confirmed"),
    "console": mark("Certificate of the console"),
    "console_factors": mark("Second factors that the console accepts"),
    "console_idle_minutes": mark("Minutes without work until a session of the console ends"),
    "console_session_hours": mark("Hours until a session of the console ends in any case"),
    "country": mark("Country"),
    "days": mark("Days"),
    "department": mark("Department"),
    "departments": mark("Departments"),
    "description": mark("Description"),
    "despite_warnings": mark("Warnings were seen"),
    "destination": mark("Destination"),
    "destinations": mark("Destinations"),
    "device": mark("Device"),
    "digest": mark("Digest of the request"),
    "disclosure": mark("Search for a person"),
    "document": mark("Configuration document"),
    "employee_number": mark("Employee number"),
    "encoding": mark("Encoding"),
    "encryption": mark("Encryption"),
    "epoch": mark("Section of the history"),
    "ended": mark("How it ended"),
    "exit_code": mark("Exit code"),
    "expiry_days": mark("Days until a change is forced"),
    "factor": mark("Authenticator"),
    "factors": mark("Second factors"),
    "faulty": mark("Rows that did not fit"),
    "fields": mark("Number of columns"),
    "files": mark("Files"),
    "findings": mark("Findings"),
    "found": mark("Found"),
    "fingerprint": mark("Fingerprint (SHA-256)"),
    "folder": mark("Folder"),
    "free_failures": mark("Failed attempts after which one has to wait"),
    "good_rows": mark("Only the rows that fit"),
    "grant": mark("Right"),
    "grants": mark("Rights of one's own"),
    "group": mark("Group"),
    "head": mark("Head of department"),
    "heads": mark("Heads of departments"),
    "headships": mark("Heads of groups"),
    "holder": mark("Account"),
    "hardware": mark("Only a key in a device"),
    "host": mark("Host name or address"),
    "host_names": mark("Host names"),
    "hour": mark("Hour of the day"),
    "idle_minutes": mark("Minutes without work until a session ends"),
    "initial_password_days": mark("Days in which a given password must be used"),
    "invitation": mark("Invitation"),
    "invitations": mark("Invitations"),
    "job": mark("Job"),
    "jobs": mark("Jobs"),
    "key": mark("Key"),
    "key_kind": mark("Kind of the key"),
    "kind": mark("Kind"),
    "kit": mark("Key kit"),
    "known_root": mark("Digest of the known history"),
    "known_size": mark("Events of the known history"),
    "lacking": mark("Characters that the encoding lacks"),
    "language": mark("Language"),
    "last_day": mark("Last day"),
    "leaves_on": mark("Last day"),
    "leaving": mark("Leaving"),
    "level": mark("What may be done"),
    "lock_minutes": mark("Minutes to wait then"),
    "login_id": mark("Login ID"),
    "mail": mark("E-mail"),
    "manifest_sha256": mark("Digest of the manifest (SHA-256)"),
    "maximum": mark("Most characters"),
    "members": mark("Members"),
    "memberships": mark("Memberships"),
    "milliseconds": mark("Duration"),
    "minimum_alone": mark("Fewest characters without a second factor"),
    "minimum_classes": mark("Kinds of characters that must occur"),
    "minimum_with_factor": mark("Fewest characters beside a second factor"),
    "minutes": mark("Minutes"),
    "moved": mark("Moved"),
    "name": mark("Name"),
    "networks": mark("Networks"),
    "names": mark("With names and network addresses"),
    "new": mark("New people"),
    "newest": mark("Newest archive"),
    "organisation": mark("Organisation"),
    "outcome": mark("Outcome"),
    "owner": mark("Process"),
    "parent": mark("Department above"),
    "passed": mark("Passed to the successor"),
    "password": mark("Password"),
    "path": mark("Folder"),
    "people": mark("People who change"),
    "permission": mark("Permission"),
    "permissions": mark("Permissions"),
    "places": mark("Places"),
    "port": mark("Port"),
    "plane": mark("Plane"),
    "policy": mark("Rules"),
    "preset": mark("Kind of password rules"),
    "reason": mark("Reason"),
    "record": mark("Record"),
    "rejected": mark("Rows that did not fit"),
    "relay": mark("Mail relay"),
    "repeats": mark("Repeats the event"),
    "repository": mark("Repository"),
    "request": mark("Signing request"),
    "requests": mark("Open requests"),
    "restored_at": mark("Restored at"),
    "role": mark("Role"),
    "root": mark("Digest of the rows"),
    "rows": mark("Rows"),
    "revoked_because": mark("Revoked because"),
    "rp_id": mark("Host name that passkeys are bound to"),
    "run": mark("Run"),
    "scope": mark("Where it holds"),
    "sealed_events": mark("Sealed history"),
    "seconds": mark("Seconds in which it has to be confirmed"),
    "session_hours": mark("Hours until a session ends in any case"),
    "serial": mark("Serial number"),
    "session": mark("Session"),
    "sessions": mark("Sessions"),
    "whom": mark("Whom it concerns"),
    "sha256": mark("Digest (SHA-256)"),
    "size": mark("Size"),
    "source": mark("Address"),
    "state": mark("State"),
    "subject": mark("Person concerned"),
    "successor": mark("Successor"),
    "taken": mark("Takes away"),
    "time_zone": mark("Time zone"),
    "tokens": mark("API tokens"),
    "unchanged": mark("Unchanged"),
    "until": mark("Until"),
    "upload": mark("Uploaded list"),
    "syslog": mark("Syslog receiver"),
    "from_beginning": mark("The older events too"),
    "second_factor_roles": mark("Roles that need a second factor in the workspace"),
    "version": mark("Version"),
    "who": mark("Who comes in"),
    "why": mark("Why"),
    "window": mark("Maintenance window"),
    "with_grants": mark("Together with its grants"),
    "workspace": mark("Certificate of the workspace"),
    "workspace_factors": mark("Second factors that the workspace accepts"),
    "workspace_second_factor": mark("Second factor in the workspace"),
    "zone": mark("Time zone"),
    "user": mark("User"),
}
"""Arguments of operations that are asked back, and what an event holds beside its target."""

VALUES: Final = {
    "CheckRepository": mark("Check"),
    "DeleteRepository": mark("Deletion"),
    "RestoreArchive": mark("Restore"),
    "RunBackup": mark("Backup"),
    "active": mark("Active"),
    "auditor": mark("Auditor"),
    "device": mark("Device"),
    "en": "English",
    "ja": "日本語",
    "operator": mark("Operator"),
    "owner": mark("Owner"),
    "partner": mark("Partner"),
    "security_administrator": mark("Security administrator"),
    "service": mark("Service"),
    "staff": mark("Staff"),
    "suspended": mark("Suspended"),
    "viewer": mark("Viewer"),
    "look": mark("Look only"),
    "repair": mark("Repair"),
    "gone": mark("Left"),
    "click": mark("Closed by somebody"),
    "clock": mark("Its time was over"),
    "restart": mark("The machine was started anew"),
    "not_recorded": mark("Could not be recorded"),
    "too_long": mark("The recording became too long"),
    "killed": mark("Interrupted"),
    "True": mark("Yes"),
    "False": mark("No"),
    "nist": mark("NIST SP 800-63B-4"),
    "legacy": mark("Legacy rules"),
    "both": mark("Authenticator apps and passkeys"),
    "console": mark("Console"),
    "workspace": mark("Workspace"),
    "api": mark("REST API"),
    "lost": mark("The device is lost"),
    "compromised": mark("Somebody else may have the key"),
    "replaced": mark("Another one takes its place"),
    "left": mark("The person has left"),
    "other": mark("Another reason"),
    "passkeys_only": mark("Passkeys alone"),
    "apps_only": mark("Authenticator apps alone"),
    "if_enrolled": mark("Who has set one up is asked for it"),
    "required": mark("Everybody needs one"),
}
NAMED_VALUES: Final = frozenset(
    {
        "console_factors",
        "certificate",
        "despite_warnings",
        "ended",
        "from_beginning",
        "good_rows",
        "hardware",
        "kind",
        "language",
        "level",
        "names",
        "preset",
        "reason",
        "revoked_because",
        "role",
        "state",
        "taken",
        "whom",
        "with_grants",
        "workspace_factors",
        "workspace_second_factor",
    }
)
"""Fields whose values are names of the program too; any other value is somebody's own text."""

TARGETS: Final = {
    "account": mark("Account"),
    "ban": mark("Ban"),
    "certificate": mark("Certificate"),
    "destination": mark("Destination"),
    "disclosure": mark("Search for a person"),
    "event": mark("Event"),
    "retention": mark("Retention"),
    "group": mark("Group"),
    "history": mark("History"),
    "job": mark("Job"),
    "key": mark("Key"),
    "key kit": mark("Key kit"),
    "repository": mark("Repository"),
    "request": mark("Request"),
    "version": mark("Version of network and access"),
    "run": mark("Run"),
    "session": mark("Session"),
    "table": mark("Table"),
    "token": mark("API token"),
    "window": mark("Maintenance window"),
}

SCREENS: Final = {
    "console": mark("Console"),
    "workspace": mark("Workspace"),
    "local": mark("The machine itself"),
}

ACTORS: Final = {
    "system": mark("The appliance itself"),
    "local": mark("The machine itself"),
}
"""Who acts without an account."""

REVOCATIONS: Final = {
    "lost": mark("The device is lost"),
    "compromised": mark("Somebody else may have the key"),
    "replaced": mark("Another one takes its place"),
    "left": mark("The person has left"),
    "other": mark("Another reason"),
}
"""Why a client certificate was revoked."""

ENDS: Final = {
    "sessions.address_family_changed": mark("It came from another kind of network."),
    "sessions.certificate": mark("It came without the client certificate that it needs."),
    "sessions.network": mark("It came from a network that an access rule leaves out."),
    "cancelled": mark("Cancelled"),
    "failed": mark("Failed"),
    "internal": mark("Something went wrong on our side; what you asked for was not done."),
    "certificates.fell_back": mark("The certificate cannot be shown; the own one stands in."),
    "certificates.not_renewed": mark("The certificate could not be fetched."),
    "machine.failed": mark("It did not take effect; the machine is as it was."),
    "machine.reverted": mark("It was not kept; the machine is as it was."),
    "maintenance.killed": mark("What recorded the session was ended from outside."),
    "maintenance.not_recorded": mark("The session could not be recorded, and was ended."),
    "maintenance.restart": mark("The machine was started anew."),
    "maintenance.too_long": mark("The recording had become too long; the session was ended."),
}
"""How a run or a change of the machine ended that gave no error."""

OTHER_EVENTS: Final = {
    "audit.begin": mark("Begin the history of this appliance."),
    "audit.epoch": mark("Begin a new section of the history, after a restore."),
    "audit.erase": mark("Erase personal values from the history; the event itself stays proven."),
    "invitations.issue": mark("Hand somebody a one-time link, with which they choose a password."),
    "audit.malformed": mark("Keep what could not be read as an event."),
    "audit.segment": mark("Make old events quick to search."),
}
"""Events that come from no operation."""


def value_of(field: str, value: str) -> str:
    """Return the English for a value of a field; somebody's own text as it is."""
    return VALUES.get(value, value) if field in NAMED_VALUES else value


def explain_code(language: str, code: str, parameters: Mapping[str, str] | None = None) -> str:
    """Return what an error of this code says in `language`; the code itself where it is unknown.

    Parameters that were not kept are left open: “…”.
    """
    sentence = _errors()[code].message if code in _errors() else ENDS.get(code)
    return code if sentence is None else _filled(language, sentence, parameters)


def explain_remedy(language: str, code: str, parameters: Mapping[str, str] | None = None) -> str:
    """Return what an error of this code advises in `language`; nothing where it is unknown."""
    return _filled(language, _errors()[code].hint, parameters) if code in _errors() else ""


def _filled(language: str, text: str, parameters: Mapping[str, str] | None) -> str:
    told = {name: translate(language, value) for name, value in (parameters or {}).items()}
    return translate(language, text).format_map(_Told(told))


class _Told(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return "…"


@functools.cache
def _errors() -> dict[str, Any]:
    """Return code → class of every error that this process knows."""
    found: dict[str, Any] = {}
    waiting: list[type[Exception]] = [TenshuError, ApplianceError]
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        if "code" in vars(kind):
            found.setdefault(kind.code, kind)  # type: ignore[attr-defined]  # both roots
    return found
