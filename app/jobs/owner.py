"""With whose rights a job runs: its owner's, as they are now, not as they were (F4)."""

from dataclasses import replace
from typing import Protocol

from sqlmodel import Session

from app.identity import rights
from app.jobs.errors import OwnerGone
from app.operations.context import SYSTEM, SYSTEM_ACCOUNT, Actor


class ActorOf(Protocol):
    """Finds the actor of an account, with the rights that it has at this moment."""

    def __call__(self, session: Session, account_id: str, /) -> Actor | None:
        """Return the actor; None (or nobody) where the account is suspended or gone."""
        ...


def load_owner(session: Session, account: str, actor_of: ActorOf, narrowed: str = "") -> Actor:
    """Return who a job of `account` acts as, with a token's rights where one asked for it.

    Raise OwnerGone if that person may not act.
    """
    if account == SYSTEM_ACCOUNT:
        return SYSTEM
    actor = actor_of(session, account)
    if actor is None or not actor.is_signed_in:
        raise OwnerGone
    return (
        replace(actor, rights=rights.parse(narrowed).narrowed(actor.rights)) if narrowed else actor
    )
