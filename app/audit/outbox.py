"""Writing into the outbox, inside the caller's transaction."""

from typing import Final

import msgspec
from sqlalchemy import insert
from sqlmodel import Session

from app.audit.event import Draft, Event, seal_draft
from app.audit.models import OutboxEvent
from app.core.prepared import Prepared

INSERT: Final = Prepared(insert(OutboxEvent), ["id", "content", "parts"])


def append(session: Session, draft: Draft) -> Event:
    """Write the event of `draft`; it counts when the caller's transaction commits."""
    event = seal_draft(draft)
    parts = msgspec.json.encode(event.parts).decode()
    INSERT.run(session, id=event.id, content=event.content, parts=parts)
    return event
