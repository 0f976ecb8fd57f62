"""The overview: is everything well, what needs me, what happened lately."""

import shutil

from litestar.handlers import HTTPRouteHandler

from app.audit.event import Outcome
from app.audit.inspection import Inspected
from app.audit.rows import EventRow
from app.console.attention import last_backup, needs_attention, unreadable_history
from app.console.health import remember
from app.console.verification import verification_attention
from app.core import clock
from app.core.errors import TenshuError
from app.core.messages import explain
from app.history import operations as history
from app.history.kinds import Kind
from app.identity.operations import accounts, setup
from app.operations.context import Context
from app.operations.operation import NoRequest, registered
from app.operations.permissions import Permission
from app.web.asking import AnyRequest, context_of, signed_in
from app.web.design.formatting import percent
from app.web.meanings import meanings
from app.web.names import ACTORS
from app.web.pages import Answer, go, need_sign_in, page
from app.web.routing import get

LATEST = 5
"""Events of the history on the overview."""
LOOKED_AT = 50
"""Among so many; the steps of a long import may fill them all, and then the list is short."""


TOLD = (
    history.SearchEvents(kind=Kind.CHANGES, limit=LOOKED_AT),
    history.SearchEvents(kind=Kind.SIGN_INS, limit=LOOKED_AT),
)
ONLY_SHOWN = ("sign_in.resume", "sign_in.ask_passkey")
"""A step of a sign-in that was looked at once more, a question to a passkey: nobody came in yet."""


def is_step(event: EventRow) -> bool:
    """Tell whether an event is a step that the appliance took by itself, and that went well."""
    found = registered().get(event.verb)
    by_itself = found is not None and not found.planes
    return event.outcome == Outcome.DONE and (by_itself or event.verb in ONLY_SHOWN)


def latest_events(context: Context) -> list[EventRow]:
    """Return the newest changes and sign-ins, without what only was looked at."""
    found: list[EventRow] = []
    for wanted in TOLD:
        found += history.search_events(context, wanted).rows
    found.sort(key=lambda row: row.at, reverse=True)
    return [row for row in found if not is_step(row)][:LATEST]


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
    latest: list[EventRow] = []
    sealed: int | None = None
    verified: Inspected | None = None
    if rights.allows(Permission.AUDIT_VIEW):
        try:
            latest = latest_events(context)
            newest = history.search_events(context, history.SearchEvents(limit=LOOKED_AT)).rows
            places = [row.position + 1 for row in newest if row.position is not None]
            sealed = max(places, default=None)
            inspection = history.show_inspection(context, NoRequest())
        except TenshuError as error:  # a history that cannot be read is what must be seen first
            message, hint = explain(context.language, error)
            attention.insert(0, unreadable_history(message, hint))
        else:
            told = verification_attention(inspection, context.language, clock.now())
            attention[:0] = told
            verified = inspection.latest
    remember(request, attention)
    return page(
        request,
        "console/overview.html",
        attention=attention,
        latest=latest,
        verified=verified,
        sealed=sealed,
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
