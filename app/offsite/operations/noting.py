"""That a destination began to fail, and that it is well again: once each."""

from typing import Annotated

import msgspec
from msgspec import Meta

from app.audit.event import Outcome
from app.core import clock
from app.offsite.progress import Seen, note_in
from app.operations.context import Context
from app.operations.operation import operation
from app.operations.permissions import Permission

Got = Annotated[dict[str, int | str], Meta(description="What is written down.")]
AsSeen = Annotated[Seen, Meta(description="The destination as it was when it was tried.")]


class Failed(msgspec.Struct, frozen=True, kw_only=True):
    """A destination that could not be reached."""

    seen: AsSeen
    got: Got


class Recovered(msgspec.Struct, frozen=True, kw_only=True):
    """A destination that takes what is sent again."""

    seen: AsSeen
    got: Got


class Noted(msgspec.Struct, frozen=True, kw_only=True):
    """Whether it was written down."""

    held: bool
    """False where the destination was changed or removed in the meantime."""


@operation("offsite.failed", permission=Permission.SETTINGS_MANAGE, planes=(), in_reserve=True)
def failed(context: Context, request: Failed) -> Noted:
    """Note that a destination outside cannot be reached."""
    one = request.seen
    context.event.about("destination", one.id, one.name)
    context.event.outcome, context.event.error = Outcome.FAILED, str(request.got["error"])
    context.event.numbers["position"] = one.position
    return Noted(held=note_in(context.session, one, request.got))


@operation("offsite.recovered", permission=Permission.SETTINGS_MANAGE, planes=(), in_reserve=True)
def recovered(context: Context, request: Recovered) -> Noted:
    """Note that a destination outside takes what is sent again."""
    one = request.seen
    context.event.about("destination", one.id, one.name)
    context.event.numbers["position"] = one.position
    context.event.numbers["seconds"] = max(context.now - one.failing_since, 0) // clock.SECOND
    return Noted(held=note_in(context.session, one, request.got))
