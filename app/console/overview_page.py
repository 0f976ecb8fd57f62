"""The overview: is everything well, what needs me, what happened lately."""

import shutil
from typing import Any

import msgspec
from litestar.handlers import HTTPRouteHandler

from app.audit.event import Outcome
from app.audit.rows import EventRow
from app.backups import kit
from app.backups.errors import MachineError
from app.backups.operations import runs as backup_runs
from app.console.history_pages import meanings
from app.core import clock, reserve
from app.core.errors import TenshuError
from app.core.messages import explain, mark
from app.history import operations as history
from app.identity.operations import accounts, setup
from app.operations.context import Context
from app.operations.operation import NoRequest, registered
from app.operations.permissions import Permission
from app.services.tables.operations import drift
from app.web.asking import AnyRequest, context_of, signed_in
from app.web.design.formatting import percent
from app.web.names import ACTORS
from app.web.pages import Answer, go, need_sign_in, page
from app.web.routing import get
from appliance.contract.runs import State

LATEST = 5
"""Events of the history on the overview."""
LOOKED_AT = 50
"""Among so many; the steps of a long import may fill them all, and then the list is short."""
BACKUP_DUE = 2 * clock.DAY
"""METI-29: a day's backup that failed twice is what an administrator must see."""


class Attention(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that needs somebody."""

    kind: str
    """`warning` or `danger`."""
    title: str
    text: str
    href: str
    action: str
    parameters: dict[str, Any] = {}


def needs_attention(context: Context, last_backup: int | None) -> list[Attention]:
    """Return what an administrator should do next, the most urgent first."""
    found: list[Attention] = []
    appliance = context.appliance
    space = reserve.state(appliance.settings)
    if space.state is not reserve.State.KEPT:
        found.append(
            Attention(
                kind="danger",
                title=mark("The disk is full"),
                text=mark("Changes are refused until there is space again."),
                href="/storage",
                action=mark("Free space"),
            )
        )
    if context.actor.rights.allows(Permission.BACKUPS_VIEW):
        found += _backup_attention(context, last_backup)
    if context.actor.rights.allows(Permission.SETTINGS_VIEW):
        found += _drift_attention(context)
    return found


def _drift_attention(context: Context) -> list[Attention]:
    """Tell which tables are not as they were defined: somebody changed the database by hand."""
    return [
        Attention(
            kind="danger",
            title=mark("The table {table} in the database is not as it was defined"),
            text=mark("Missing: {missing}. Unknown: {unknown}. Restore the newest backup."),
            href="/backups",
            action=mark("Show the backups"),
            parameters={
                "table": one.table,
                "missing": ", ".join(one.missing) or "–",
                "unknown": ", ".join(one.unknown) or "–",
            },
        )
        for one in drift.show_drift(context, NoRequest()).items
    ]


def _backup_attention(context: Context, last_backup: int | None) -> list[Attention]:
    ring = context.appliance.keyring
    if not kit.have_kit(ring):
        return [
            Attention(
                kind="warning",
                title=mark("There is no backup yet"),
                text=mark("Choose a repository, print the key kit, and run the first backup."),
                href="/backups/new",
                action=mark("Choose a repository"),
            )
        ]
    found = []
    if kit.unkept_kit(ring):
        found.append(
            Attention(
                kind="danger",
                title=mark("The key kit has not been put away yet"),
                text=mark("Without it a backup cannot be opened on another machine."),
                href="/backups/kit",
                action=mark("Print the key kit"),
            )
        )
    if last_backup is None or clock.now() - last_backup > BACKUP_DUE:
        found.append(
            Attention(
                kind="warning",
                title=mark("The last backup is too long ago"),
                text=mark("A backup should be made every day."),
                href="/backups",
                action=mark("Back up now"),
            )
        )
    return found


def unreadable_history(message: str, hint: str) -> Attention:
    """Return what is shown in place of a history that cannot be read."""
    return Attention(
        kind="danger", title=message, text=hint, href="/history", action=mark("Show the history")
    )


def is_step(event: EventRow) -> bool:
    """Tell whether an event is a step that the appliance took by itself, and that went well."""
    found = registered().get(event.verb)
    return found is not None and not found.planes and event.outcome == Outcome.DONE


def last_backup(context: Context) -> int | None:
    """Return when the newest successful backup ended (ms); None if none is known."""
    try:
        runs = backup_runs.list_runs(context, backup_runs.ListOfRuns()).runs
    except MachineError:
        return None
    ended = [run.finished_at for run in runs if run.backup and run.state is State.done]
    return max((at for at in ended if at), default=None)


@get("/")
def show_overview(request: AnyRequest) -> Answer:
    """Show the overview; before anybody has claimed the appliance, the setup."""
    if signed_in(request) is None and setup.status(context_of(request), NoRequest()).needed:
        return go("/setup")
    context = need_sign_in(request)
    rights = context.actor.rights
    backed_up = last_backup(context) if rights.allows(Permission.BACKUPS_VIEW) else None
    usage = shutil.disk_usage(context.appliance.settings.data)
    people = (
        accounts.count_accounts(context, NoRequest()).active
        if rights.allows(Permission.ACCOUNTS_VIEW)
        else None
    )
    attention = needs_attention(context, backed_up)
    latest: tuple[EventRow, ...] = ()
    if rights.allows(Permission.AUDIT_VIEW):
        try:
            latest = history.search_events(context, history.SearchEvents(limit=LOOKED_AT)).rows
        except TenshuError as error:  # a history that cannot be read is what must be seen first
            message, hint = explain(context.language, error)
            attention.insert(0, unreadable_history(message, hint))
    return page(
        request,
        "console/overview.html",
        attention=attention,
        latest=[row for row in latest if not is_step(row)][:LATEST],
        sealed=max((row.position + 1 for row in latest if row.position is not None), default=None),
        meanings=meanings(),
        actors=ACTORS,
        last_backup=backed_up,
        people=people,
        disk_free=usage.free,
        disk_used_percent=percent(usage.total - usage.free, usage.total),
    )


def overview_pages() -> list[HTTPRouteHandler]:
    """Return the handlers of this module."""
    return [show_overview]
