"""Reading the history, through rights like everything else (F5, METI-18, METI-46)."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from app.audit import search as trail
from app.audit.erasure import VERB, describe_erasure
from app.audit.event import Outcome
from app.audit.filters import EventFilter
from app.audit.inspection import VERB as VERIFY
from app.audit.inspection import Inspection, read_inspection
from app.audit.rows import EventDetail, EventRow
from app.core.csv_lines import csv_head, csv_line
from app.history import activity, own  # noqa: F401 - these have rooms of their own
from app.history.kinds import Kind, verbs_of
from app.operations.context import Context, Plane
from app.operations.download import Download
from app.operations.operation import Effect, NoRequest, Route, Tier, operation
from app.operations.permissions import Permission

ON_CONSOLE = (Plane.CONSOLE,)
COLUMNS = EventRow.__struct_fields__


class SearchEvents(msgspec.Struct, frozen=True, kw_only=True):
    """Which events to list. All conditions must hold."""

    actor: Annotated[str, Meta(description="Account identifier.", max_length=64)] = ""
    verb: Annotated[
        str, Meta(description="Operation; `accounts.*` for a group of them.", max_length=64)
    ] = ""
    kind: Annotated[
        Kind | None,
        Meta(description="Changes, sign-ins, or views (exports and downloads among them)."),
    ] = None
    target_kind: Annotated[str, Meta(description="Kind of the thing.", max_length=64)] = ""
    target: Annotated[str, Meta(description="Identifier of the thing.", max_length=128)] = ""
    outcome: Annotated[Outcome | None, Meta(description="How it ended.")] = None
    since: Annotated[
        Annotated[int, Meta(ge=0, lt=2**62)] | None, Meta(description="Not older than this (ms).")
    ] = None
    until: Annotated[
        Annotated[int, Meta(ge=0, lt=2**62)] | None, Meta(description="Older than this (ms).")
    ] = None
    text: Annotated[str, Meta(description="Text in it.", max_length=200)] = ""
    after: Annotated[str, Meta(description="`next` of the page before.", max_length=64)] = ""
    limit: Annotated[int, Meta(description="Most events to return.", ge=1, le=200)] = 50

    def filter(self) -> EventFilter:
        """Return the conditions without the page."""
        verbs = verbs_of(self.kind) if self.kind else ()
        return EventFilter(
            actor=self.actor,
            verb=self.verb,
            among=() if self.kind is Kind.CHANGES else verbs,
            without=verbs if self.kind is Kind.CHANGES else (),
            target_kind=self.target_kind,
            target=self.target,
            outcome=self.outcome,
            since=self.since,
            until=self.until,
            text=self.text,
        )


class OneEvent(msgspec.Struct, frozen=True, kw_only=True):
    """Which event."""

    event: Annotated[str, Meta(description="Identifier of the event.", max_length=64)]


class ExportEvents(SearchEvents, frozen=True, kw_only=True):
    """Which events to export, and how."""

    form: Annotated[Literal["csv", "jsonl"], Meta(description="CSV or JSON Lines.")] = "csv"


@operation(
    "audit.search",
    permission=Permission.AUDIT_VIEW,
    effect=Effect.READ,
    planes=ON_CONSOLE,
    route=Route("GET", "/events"),
)
def search_events(context: Context, wanted: SearchEvents) -> trail.EventPage:
    """List events of the history, the newest first."""
    appliance = context.appliance
    return trail.search(
        appliance.database,
        appliance.settings.sealed_store,
        wanted.filter(),
        after=wanted.after,
        limit=wanted.limit,
    )


@operation(
    "audit.get",
    permission=Permission.AUDIT_VIEW,
    effect=Effect.REVEAL,
    planes=ON_CONSOLE,
    route=Route("GET", "/events/{event}"),
)
def get_event(context: Context, wanted: OneEvent) -> EventDetail:
    """Show one event with the values before and after."""
    appliance = context.appliance
    context.event.about("event", wanted.event)
    return trail.detail(appliance.database, appliance.settings.sealed_store, wanted.event)


@operation(
    "audit.inspection",
    permission=Permission.AUDIT_VIEW,
    effect=Effect.READ,
    planes=ON_CONSOLE,
    route=Route("GET", "/events/verification"),
)
def show_inspection(context: Context, request: NoRequest) -> Inspection:  # noqa: ARG001
    """Tell what the last verification of the history found, and how far one is that goes on."""
    return read_inspection(context.appliance.settings.sealed_store)


class VerificationAsked(msgspec.Struct, frozen=True, kw_only=True):
    """A verification that begins when its event is sealed, within a second."""

    newest: Annotated[int, Meta(description="When the newest known verification ended (ms).")]


@operation(
    VERIFY,
    permission=Permission.AUDIT_VIEW,
    effect=Effect.REVEAL,
    planes=ON_CONSOLE,
    route=Route("POST", "/events/verify", 202),
)
def verify_history(context: Context, request: NoRequest) -> VerificationAsked:  # noqa: ARG001
    """Verify the whole history now."""
    context.event.about("history", "verification")
    latest = read_inspection(context.appliance.settings.sealed_store).latest
    return VerificationAsked(newest=latest.at if latest else 0)


class EraseValues(msgspec.Struct, frozen=True, kw_only=True):
    """Whose values shall go, and under which rule."""

    subject: Annotated[
        str,
        Meta(description="Identifier of the account or thing.", min_length=1, max_length=128),
    ]
    basis: Annotated[
        str,
        Meta(
            description="Law, contract or rule under which it is done.",
            min_length=1,
            max_length=200,
        ),
    ]


class ErasureAsked(msgspec.Struct, frozen=True, kw_only=True):
    """An erasure that is carried out when its event is sealed, within a second."""

    subject: Annotated[str, Meta(description="Whose values go.")]


@operation(
    VERB,
    permission=Permission.AUDIT_ERASE,
    tier=Tier.T2_DANGEROUS,
    planes=ON_CONSOLE,
    route=Route("POST", "/events/erase", 202),
    in_reserve=True,
)
def erase_values(context: Context, wanted: EraseValues) -> ErasureAsked:
    """Erase names, addresses and values about one person or thing from the history."""
    describe_erasure(context.event, wanted.basis, subject=wanted.subject)
    return ErasureAsked(subject=wanted.subject)


@operation(
    "audit.lag",
    permission=Permission.AUDIT_VIEW,
    effect=Effect.READ,
    planes=ON_CONSOLE,
    route=Route("GET", "/events/lag"),
)
def show_lag(context: Context, request: NoRequest) -> trail.Lag:  # noqa: ARG001
    """Tell how many events wait to be sealed, and for how long."""
    return trail.lag(context.appliance.database)


@operation(
    "audit.export",
    permission=Permission.AUDIT_EXPORT,
    effect=Effect.REVEAL,
    planes=ON_CONSOLE,
    route=Route("GET", "/events/export"),
)
def export_events(context: Context, wanted: ExportEvents) -> Download:
    """Export events as CSV or JSON Lines."""
    appliance = context.appliance
    events = trail.export(appliance.database, appliance.settings.sealed_store, wanted.filter())
    context.event.about("history", wanted.form)
    if wanted.form == "csv":
        return Download("history.csv", "text/csv; charset=utf-8", _csv(events))
    return Download("history.jsonl", "application/jsonl", _json_lines(events))


def _json_lines(events: Iterator[dict[str, Any]]) -> Iterator[bytes]:
    for event in events:
        yield msgspec.json.encode(event) + b"\n"


def _csv(events: Iterator[dict[str, Any]]) -> Iterator[bytes]:
    yield csv_head(COLUMNS)
    for event in events:
        yield csv_line([event[name] for name in COLUMNS])
