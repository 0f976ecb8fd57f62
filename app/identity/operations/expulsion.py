"""The end of a session that turned up where, or without what, it cannot be."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from app.audit.event import Outcome
from app.identity import session_rows
from app.operations.context import Context
from app.operations.operation import operation
from app.operations.permissions import Permission

Because = Literal["address_family_changed", "network", "certificate"]


class MovedSession(msgspec.Struct, frozen=True):
    """A session that comes from another address family, a network or device that is left out."""

    session: Annotated[str, Meta(max_length=64, description="Identifier of the session")]
    because: Annotated[Because, Meta(description="What does not fit any more")] = (
        "address_family_changed"
    )


class Done(msgspec.Struct, frozen=True):
    """The answer where there is nothing more to say."""

    done: Annotated[bool, Meta(description="Whether something was changed")] = True


@operation("sessions.expel", permission=Permission.SIGNED_IN, in_reserve=True)
def expel_session(context: Context, moved: MovedSession) -> Done:
    """End a session whose token came from elsewhere than its rules say: it may be stolen."""
    ended = session_rows.end(
        context.session, context.plane, context.actor.account, moved.session, moved.because
    )
    context.event.about("session", moved.session)
    context.event.outcome, context.event.error = Outcome.REFUSED, f"sessions.{moved.because}"
    return Done(ended)


class KeptOut(msgspec.Struct, frozen=True):
    """An API token that came from where, or without what, its person may not come."""

    token: Annotated[str, Meta(max_length=64, description="Identifier of the token")]
    code: Annotated[str, Meta(max_length=64, description="Code of what keeps it out")]


@operation("tokens.keep_out", permission=Permission.SIGNED_IN, in_reserve=True)
def keep_out(context: Context, kept: KeptOut) -> Done:
    """Record that an API token was kept out by an access rule; it stays valid elsewhere."""
    context.event.about("token", kept.token)
    context.event.outcome, context.event.error = Outcome.REFUSED, kept.code
    return Done()
