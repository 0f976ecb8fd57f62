"""Seeing and ending one's own sessions (V15)."""

from typing import Annotated

import msgspec
from msgspec import Meta
from sqlmodel import col, select

from app.core.errors import NotFound
from app.core.messages import mark
from app.identity import session_rows
from app.identity.models import SessionColumns
from app.identity.operations.expulsion import Done
from app.identity.planes import SESSIONS, writable_on
from app.operations.context import Context
from app.operations.operation import Effect, NoRequest, Route, operation
from app.operations.permissions import Permission


class SessionRow(msgspec.Struct, frozen=True, kw_only=True):
    """A running session."""

    id: str
    """Identifier, not the token."""
    plane: str
    """console or workspace."""
    started_at: int
    """Milliseconds since 1970."""
    seen_at: int
    """Milliseconds since 1970, up to a minute old."""
    expires_at: int
    """Milliseconds since 1970: when it ends in any case."""
    peer: str
    """Network address at the sign-in."""
    device: str
    """The browser as it named itself."""
    factors: list[str]
    """Steps that were passed at the sign-in."""
    current: bool
    """The one that asks."""


class SessionList(msgspec.Struct, frozen=True):
    """Running sessions, the newest first."""

    items: list[SessionRow]
    """The newest first."""


class SessionRef(msgspec.Struct, frozen=True):
    """One session."""

    session: Annotated[str, Meta(max_length=64, description="Identifier of the session")]


@operation(
    "own.list_sessions",
    permission=Permission.SIGNED_IN,
    effect=Effect.READ,
    route=Route("GET", "/own/sessions"),
)
def list_sessions(context: Context, _: NoRequest) -> SessionList:
    """Show where one is signed in, with device and address."""
    tables = writable_on(SESSIONS, context.plane)
    return SessionList(sessions_of(context, context.actor.account, tables))


@operation(
    "own.end_session",
    permission=Permission.SIGNED_IN,
    in_reserve=True,
    route=Route("POST", "/own/sessions/{session}/end"),
)
def end_session(context: Context, which: SessionRef) -> Done:
    """End one of one's own sessions.

    Raise NotFound if it does not run, or is somebody else's.
    """
    context.event.about("session", which.session)
    tables = writable_on(SESSIONS, context.plane)
    running = sessions_of(context, context.actor.account, tables)
    for found in running:
        if found.id == which.session:
            account = context.actor.account
            session_rows.end(context.session, found.plane, account, found.id, "ended_by_owner")
            return Done()
    raise NotFound(kind=mark("session"), name=which.session)


def sessions_of(
    context: Context, account: str, tables: tuple[type[SessionColumns], ...]
) -> list[SessionRow]:
    """Return the running sessions of an account, the newest first."""
    now = context.now
    rows = [
        row
        for table in tables
        for row in context.session.exec(
            select(table).where(
                table.account == account,
                table.ended_at == 0,
                table.expires_at > now,
                col(table.seen_at) + col(table.idle_limit) > now,
            )
        )
    ]
    return [
        SessionRow(
            id=row.id,
            plane=row.plane,
            started_at=row.started_at,
            seen_at=row.seen_at,
            expires_at=row.expires_at,
            peer=row.peer,
            device=row.device,
            factors=row.factors.split(),
            current=row.id == context.actor.session,
        )
        for row in sorted(rows, key=lambda row: row.id, reverse=True)
    ]
