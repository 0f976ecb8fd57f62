"""Whether the sealed history covers what a record's history says, checked when somebody asks."""

import enum
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from app.audit import search as trail
from app.audit.filters import EventFilter
from app.core import clock
from app.core.messages import mark
from app.operations.context import Context
from app.operations.operation import Effect, Route, operation
from app.operations.permissions import Permission
from app.services.tables.operations.record_history import creation_of, look
from app.services.tables.operations.tables import STAFF
from app.services.tables.proving import Check, Prover
from app.services.tables.views import RecordNumber, TableNumber

MOST: Final = 50
"""States that are checked at once, the newest first."""
AROUND: Final = 10 * clock.MINUTE
"""How far the times of a change and of its event lie apart at most."""
SEALED_WITHIN: Final = clock.MINUTE
NO_EVENT: Final = mark("The sealed history holds no event of it.")
NOT_YET: Final = mark("Its event waits to be sealed. Look again in a moment.")


class Verdict(enum.StrEnum):
    """What is known of a state."""

    COVERED = "covered"
    """It stands as it did, and a sealed event holds its root."""
    WAITING = "waiting"
    """It stands as it did; its event is not sealed yet."""
    NOT_COVERED = "not_covered"
    """Its root follows from what is kept, but no sealed event holds it."""
    ALTERED = "altered"
    """It does not stand as it did."""
    UNKNOWN = "unknown"
    """It cannot be checked; the reason says why."""


class ProveHistory(msgspec.Struct, frozen=True, kw_only=True):
    """Of which record."""

    table: TableNumber
    record: RecordNumber


class ProvenState(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one state."""

    state: Annotated[int, Meta(description="Number of the state.")]
    verdict: Annotated[Verdict, Meta(description="What is known of it.")]
    reason: Annotated[str, Meta(description="Why, where it is not covered: a text.")]
    named: Annotated[
        int, Meta(description="State whose entry was altered; 0: none, or nobody can tell which.")
    ]
    change: Annotated[str, Meta(description="Identifier of the change.")]
    root: Annotated[str, Meta(description="Merkle root, hexadecimal, where it follows.")]
    event: Annotated[str, Meta(description="The sealed event that holds it.")]
    position: Annotated[int | None, Meta(description="Place of that event in the sealed history.")]


class ProvenHistory(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a record's history."""

    verdict: Annotated[Verdict, Meta(description="The worst of its states.")]
    states: Annotated[list[ProvenState], Meta(description="The newest first.")]
    all_states: Annotated[bool, Meta(description="They are all that there are.")]


_WORST: Final = (
    Verdict.ALTERED, Verdict.NOT_COVERED, Verdict.UNKNOWN, Verdict.WAITING, Verdict.COVERED,
)  # fmt: skip


@operation(
    "records.prove_history",
    permission=Permission.RECORDS_VIEW,
    effect=Effect.READ,
    planes=STAFF,
    route=Route("POST", "/tables/{table}/records/{record}/history/proof"),
    scope=lambda request: f"tables/{request.table}",
)
def prove_history(context: Context, request: ProveHistory) -> ProvenHistory:
    """Check whether a record's history stands as it was, and the sealed history covers it."""
    seen = look(context, request.table, request.record, Permission.RECORDS_VIEW)
    made = creation_of(context.session, seen.table, seen.past)
    prover = Prover(context.session, seen.table, seen.teller.columns)
    states = [_state(context, one) for one in prover.check(seen.past, made, MOST)]
    verdicts = {one.verdict for one in states}
    return ProvenHistory(
        verdict=next(one for one in _WORST if one in verdicts),
        states=states,
        all_states=seen.past.rev <= MOST,
    )


def _state(context: Context, check: Check) -> ProvenState:
    event, position = "", None
    if check.altered:
        verdict, reason = Verdict.ALTERED, check.reason
    elif not check.root:
        verdict, reason = Verdict.UNKNOWN, check.reason
    else:
        found = trail.search_sealed(
            context.appliance.settings.sealed_store,
            EventFilter(since=check.at - AROUND, until=check.at + AROUND, text=check.root),
            limit=1,
        ).rows
        if found:
            verdict, reason = Verdict.COVERED, ""
            event, position = found[0].id, found[0].position
        elif context.now - check.at < SEALED_WITHIN:
            verdict, reason = Verdict.WAITING, NOT_YET
        else:
            verdict, reason = Verdict.NOT_COVERED, NO_EVENT
    return ProvenState(
        state=check.state,
        verdict=verdict,
        reason=reason,
        named=check.named,
        change=check.change,
        root=check.root,
        event=event,
        position=position,
    )
