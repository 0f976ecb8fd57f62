"""Questions to the passkeys of people who are signed in: asked for one purpose, answered once.

What is signed is the hash of a random nonce and the purpose, so the signature itself says what it
was given for: a dangerous operation's purpose holds the digest of its arguments. A sign-in keeps
its questions in the pending sign-in (`passkey_steps`).
"""

import hashlib
from dataclasses import dataclass
from typing import Final

from sqlalchemy import delete
from sqlmodel import col, select

from app.core.identifiers import new_identifier
from app.identity import passkeys
from app.identity.errors import ChallengeSpent
from app.identity.planes import CHALLENGES, on_plane
from app.operations.context import Context

REGISTRATION: Final = "add a passkey"
STEP_UP: Final = "prove that it is you"


@dataclass(frozen=True, slots=True)
class Challenge:
    """One question."""

    signed: bytes
    """What the authenticator signs."""
    handle: str


def confirmation_of(digest: str) -> str:
    """Return the purpose of confirming an operation with these arguments."""
    return f"confirm {digest}"


def ask(context: Context, purpose: str, *, handle: str = "") -> bytes:
    """Keep a new question in the place of an older one. Return what is to be signed."""
    table, now = on_plane(CHALLENGES, context.plane), context.now
    context.session.exec(
        delete(table).where(
            (col(table.expires_at) <= now)
            | ((col(table.session) == context.actor.session) & (col(table.purpose) == purpose))
        )
    )
    nonce = passkeys.new_challenge()
    context.session.add(
        table(
            id=new_identifier(),
            account=context.actor.account,
            session=context.actor.session,
            purpose=purpose,
            nonce=nonce,
            handle=handle,
            expires_at=now + passkeys.LASTS,
        )
    )
    context.session.flush()
    return _signed(nonce, purpose)


def take(context: Context, purpose: str) -> Challenge:
    """Return the question that this session was asked, and forget it. Raise ChallengeSpent."""
    table = on_plane(CHALLENGES, context.plane)
    row = context.session.exec(
        select(table).where(
            table.account == context.actor.account,
            table.session == context.actor.session,
            table.purpose == purpose,
            table.expires_at > context.now,
        )
    ).first()
    if row is None:
        raise ChallengeSpent
    found = Challenge(_signed(row.nonce, purpose), row.handle)
    taken = context.session.exec(delete(table).where(col(table.id) == row.id))
    if taken.rowcount != 1:  # the same answer was sent twice at once
        raise ChallengeSpent
    return found


def _signed(nonce: bytes, purpose: str) -> bytes:
    return hashlib.sha256(nonce + purpose.encode()).digest()
