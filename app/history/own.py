"""One's own history: what the sealed history tells of oneself, on both planes (METI-18).

It is read from the sealed store alone, where an event stands within a second: the workspace's
database role cannot read the outbox back, and need not.
"""

from typing import Annotated

import msgspec
from msgspec import Meta

from app.audit import search as trail
from app.audit.filters import EventFilter
from app.history.kinds import Kind, verbs_of
from app.identity import proof
from app.operations.context import Context
from app.operations.operation import Effect, Route, operation
from app.operations.permissions import Permission


class OwnEvents(msgspec.Struct, frozen=True, kw_only=True):
    """Which of one's own events to list. All conditions must hold."""

    kind: Annotated[
        Kind | None,
        Meta(description="Changes, sign-ins, or views (exports and downloads among them)."),
    ] = None
    text: Annotated[str, Meta(description="Text in it.", max_length=200)] = ""
    after: Annotated[str, Meta(description="`next` of the page before.", max_length=64)] = ""
    limit: Annotated[int, Meta(description="Most events to return.", ge=1, le=200)] = 50


@operation(
    "own.history",
    permission=Permission.SIGNED_IN,
    effect=Effect.READ,
    route=Route("GET", "/own/events"),
)
def list_own_events(context: Context, wanted: OwnEvents) -> trail.SealedPage:
    """List what one has done oneself, the newest first."""
    account = proof.in_person(context)
    verbs = verbs_of(wanted.kind) if wanted.kind else ()
    return trail.search_sealed(
        context.appliance.settings.sealed_store,
        EventFilter(
            actor=account.id,
            among=() if wanted.kind is Kind.CHANGES else verbs,
            without=verbs if wanted.kind is Kind.CHANGES else (),
            text=wanted.text,
        ),
        after=wanted.after,
        limit=wanted.limit,
    )
