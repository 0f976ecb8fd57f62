"""What happened through maintenance windows, told to the history (S11).

The machine keeps its own journal; each entry is told once, whoever watches or not.
"""

from typing import Annotated

import msgspec
from msgspec import Meta

from app.audit.event import Outcome
from app.machine.telling import mark_told
from app.operations.context import Context
from app.operations.operation import operation
from app.operations.permissions import Permission
from appliance.contract.maintenance.state import Ending, Happening

EXPECTED = frozenset({Ending.gone, Ending.click, Ending.clock, Ending.none})
"""Ends of a session that nobody has to look after."""


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """An entry of the machine's journal."""

    journal: Annotated[str, Meta(description="Identifier of the journal.")]
    happening: Annotated[Happening, Meta(description="The entry.")]


def _note(context: Context, told: Told) -> None:
    one = told.happening
    mark_told(context, told.journal, one.number)
    event = context.event
    event.at = one.at  # when it happened, not when the console heard of it
    event.about("window", str(one.window), one.who)
    if one.session:
        event.references["session"] = one.session
    if one.source:
        event.change("source", None, one.source)


@operation("maintenance.session_begin", permission=Permission.MACHINE_MANAGE, planes=())
def tell_session_began(context: Context, told: Told) -> None:
    """Tell that somebody came in through a maintenance window."""
    _note(context, told)


@operation("maintenance.session_end", permission=Permission.MACHINE_MANAGE, planes=())
def tell_session_ended(context: Context, told: Told) -> None:
    """Tell that a session of maintenance is over, with the digest of its recording."""
    _note(context, told)
    one, event = told.happening, context.event
    event.references.update(ended=one.ended.value, sha256=one.digest)
    event.numbers["bytes"] = one.bytes
    if one.ended not in EXPECTED:
        event.outcome, event.error = Outcome.FAILED, f"maintenance.{one.ended.value}"


@operation("maintenance.command", permission=Permission.MACHINE_MANAGE, planes=())
def tell_command(context: Context, told: Told) -> None:
    """Tell which command ran in a session of maintenance."""
    _note(context, told)
    one, event = told.happening, context.event
    event.references["command"] = one.command
    event.numbers["exit_code"] = one.exit_code


@operation("maintenance.expire", permission=Permission.MACHINE_MANAGE, planes=())
def tell_closed(context: Context, told: Told) -> None:
    """Tell that a maintenance window has closed by itself."""
    _note(context, told)
    context.event.references["ended"] = told.happening.ended.value
