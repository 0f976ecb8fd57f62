"""Writing into the outbox, inside the caller's transaction."""

import msgspec
from sqlalchemy import insert
from sqlmodel import Session

from app.audit.event import Draft, Event, seal_draft
from app.audit.models import OutboxEvent

_insert = insert(OutboxEvent)


def append(session: Session, draft: Draft) -> Event:
    """Write the event of `draft`; it counts when the caller's transaction commits."""
    event = seal_draft(draft)
    session.connection().execute(
        _insert,
        {
            "id": event.id,
            "content": event.content,
            "parts": msgspec.json.encode(event.parts).decode(),
        },
    )
    return event
