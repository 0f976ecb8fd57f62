"""The end of a session that turned up where it cannot be."""

from typing import Annotated

import msgspec
from msgspec import Meta

from app.audit.event import Outcome
from app.identity import session_rows
from app.operations.context import Context
from app.operations.operation import operation
from app.operations.permissions import Permission

BECAUSE = "address_family_changed"


class MovedSession(msgspec.Struct, frozen=True):
    """A session that was begun over IPv4 and now comes over IPv6, or the other way round."""

    session: Annotated[str, Meta(max_length=64, description="Identifier of the session")]


class Done(msgspec.Struct, frozen=True):
    """The answer where there is nothing more to say."""

    done: Annotated[bool, Meta(description="Whether something was changed")] = True


@operation("sessions.expel", permission=Permission.SIGNED_IN, in_reserve=True)
def expel_session(context: Context, moved: MovedSession) -> Done:
    """End a session whose token came from another address family: it may have been stolen."""
    ended = session_rows.end(
        context.session, context.plane, context.actor.account, moved.session, BECAUSE
    )
    context.event.about("session", moved.session)
    context.event.outcome, context.event.error = Outcome.REFUSED, f"sessions.{BECAUSE}"
    return Done(ended)
