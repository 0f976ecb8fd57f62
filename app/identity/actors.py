"""Who an account acts as when nobody is at a page: a background job of its own."""

from sqlmodel import Session

from app.core import clock
from app.identity import account_rows, rights
from app.identity.models import Account
from app.operations.context import Actor


def actor_of(session: Session, account: str, /) -> Actor | None:
    """Return the actor of an account with its rights as they are now (F4).

    None where there is no such account, or it is suspended.
    """
    found = session.get(Account, account)
    if found is None or found.state != account_rows.ACTIVE:
        return None
    return Actor(
        account=found.id, name=found.name, rights=rights.held_by(session, found, clock.now())
    )
