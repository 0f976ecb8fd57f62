"""What needs an administrator: the disk, backups, tables that are not as they were defined."""

from app.audit.errors import StoreUnreadable
from app.backups import kit
from app.backups.operations import runs as backup_runs
from app.console.disk_attention import disk_attention, volume_attention
from app.console.fault_attention import fault_attention
from app.console.identity_pages import identity_attention
from app.console.machine_attention import (
    certificate_attention,
    link_attention,
    maintenance_attention,
    recording_attention,
    seed_attention,
)
from app.console.needed import Attention
from app.console.screen_attention import screen_attention
from app.core import clock, reserve
from app.core.messages import mark, translate
from app.identity.operations import client_certificate_list, owners
from app.leaving.operations import listing
from app.machine.errors import MachineError
from app.offsite.operations import showing
from app.operations.context import Context
from app.operations.operation import NoRequest
from app.operations.permissions import Permission
from app.reviews.operations import campaigns, deciding
from app.services.tables.operations import drift
from appliance.contract.runs import State

BACKUP_DUE = 2 * clock.DAY
"""METI-29: a day's backup that failed twice is what an administrator must see."""


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
    if context.actor.rights.allows(Permission.MACHINE_VIEW):
        found += identity_attention(context) + seed_attention(context)
        found += fault_attention(context)
        found += disk_attention(context) + volume_attention(context) + link_attention(context)
        found += recording_attention(context)
        found += certificate_attention(context) + maintenance_attention(context)
    if context.actor.rights.allows(Permission.BACKUPS_VIEW):
        found += backup_attention(context, last_backup)
    if context.actor.rights.allows(Permission.SETTINGS_VIEW):
        found += _drift_attention(context)
        found += _offsite_attention(context)
    if context.actor.rights.allows(Permission.AUDIT_VIEW):
        found += screen_attention(context)
    if context.actor.rights.allows(Permission.AUDIT_VIEW):
        found += screen_attention(context)
    if context.actor.rights.allows(Permission.ACCOUNTS_VIEW):
        found += _leaving_attention(context)
        found += _people_attention(context)
    return found


def _client_certificate_attention(context: Context) -> list[Attention]:
    """Tell of client certificates that end within 30 days and have no newer one."""
    ending = client_certificate_list.count_ending(context, NoRequest()).count
    if not ending:
        return []
    return [
        Attention(
            kind="warning",
            title=mark("{count} client certificates end within 30 days"),
            text=mark("Renew them in time: afterwards nobody comes in with them."),
            href="/client-certificates?status=ends_soon",
            action=mark("Show the certificates"),
            parameters={"count": ending},
        )
    ]


def _people_attention(context: Context) -> list[Attention]:
    """Tell of too few owners, of reviews whose day is over, of lines that wait for who looks."""
    found = _client_certificate_attention(context)
    if owners.count_owners(context, NoRequest()).ready < owners.ENOUGH:
        found.append(
            Attention(
                kind="warning",
                title=mark("The setup is not finished: a second owner is missing"),
                text=mark(
                    "With fewer than two owners who have a second factor, "
                    "one lost telephone locks everybody out."
                ),
                href="/accounts",
                action=mark("Make somebody owner"),
            )
        )
    found += [
        Attention(
            kind="warning",
            title=mark("The access review “{name}” is overdue"),
            text=mark("Decided: {decided} of {lines}."),
            href=f"/reviews/{one.id}",
            action=mark("Show the review"),
            parameters={"name": one.name, "decided": one.decided, "lines": one.lines},
        )
        for one in campaigns.list_campaigns(context, NoRequest()).items
        if one.state == "open" and one.due_at <= clock.now()
    ]
    if mine := deciding.waiting(context, NoRequest()).lines:
        found.append(
            Attention(
                kind="warning",
                title=mark("{count} rights wait for your decision"),
                text=mark("Confirm or withdraw them in the access review."),
                href="/reviews/mine",
                action=mark("My access reviews"),
                parameters={"count": mine},
            )
        )
    return found


def _leaving_attention(context: Context) -> list[Attention]:
    """Tell of leavers without a successor, of those who could not be ended, of a wrong clock."""
    unready = listing.list_unready(context, NoRequest())
    found = [_unready(context, one) for one in unready.items]
    if unready.clock_doubted:
        found.append(
            Attention(
                kind="danger",
                title=mark("The clock of the appliance has jumped"),
                text=mark(
                    "Until it has run evenly for an hour, nobody is ended whose last day is over."
                ),
                href="/leavers",
                action=mark("Show the leavers"),
            )
        )
    return found


def _unready(context: Context, one: listing.Unready) -> Attention:
    kinds = ", ".join(
        f"{translate(context.language, title)} ({count})" for title, count in one.unpassed.items()
    )
    if one.overdue:
        title = mark("{name} could not be ended although the last day is over")
        text = mark("The appliance tries again by itself. End the person by hand, or see the log.")
        if one.is_owner:
            text = mark("Nobody else is owner. Give the role to somebody who stays.")
    else:
        title = mark("{name} leaves on {day} and has no successor")
        text = mark("What should pass on ends on that night: {kinds}.")
    return Attention(
        kind="danger" if one.overdue else "warning",
        title=title,
        text=text,
        href=f"/accounts/{one.account}/leaving",
        action=mark("Look at the leaving"),
        parameters={"name": one.name, "day": one.last_day, "kinds": kinds},
    )


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


def _offsite_attention(context: Context) -> list[Attention]:
    """Tell that the history has left the machine nowhere, or that a destination gets nothing."""
    try:
        standing = showing.list_destinations(context, NoRequest())
    except StoreUnreadable:
        return []  # a history that cannot be read is told of by itself
    if not standing.reached:
        return [
            Attention(
                kind="warning",
                title=mark("The history stands on this machine only"),
                text=mark("Whoever takes the machine over could cut its end off unseen."),
                href="/settings/off-the-machine",
                action=mark("Choose a place outside"),
            )
        ]
    return [
        Attention(
            kind="danger",
            title=mark("The history does not reach “{name}”"),
            text=mark("Events that have not arrived: {behind}."),
            href="/settings/off-the-machine",
            action=mark("Show the destinations"),
            parameters={"name": one.name, "behind": one.behind},
        )
        for one in standing.items
        if one.stuck
    ] + [
        Attention(
            kind="warning",
            title=mark("The certificate by which “{name}” knows the appliance ends soon"),
            text=mark("Enter a new one: afterwards the receiver takes nothing more."),
            href=f"/settings/off-the-machine/{one.id}",
            action=mark("Enter a new one"),
            parameters={"name": one.name},
        )
        for one in standing.items
        if one.certificate and one.certificate.ends_soon
    ]


def backup_attention(context: Context, last_backup: int | None) -> list[Attention]:
    """Tell of backups that are missing or too old, and of a key kit that nobody has put away."""
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


def last_backup(context: Context) -> int | None:
    """Return when the newest successful backup ended (ms); None if none is known."""
    try:
        runs = backup_runs.list_runs(context, backup_runs.ListOfRuns()).runs
    except MachineError:
        return None
    ended = [run.finished_at for run in runs if run.backup and run.state is State.done]
    return max((at for at in ended if at), default=None)
