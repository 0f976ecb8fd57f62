"""Sign-ins on their way, as they are kept between requests.

One is found by its ticket, a random token of which only the hash is kept.
"""

from typing import Final

import msgspec
from sqlalchemy import delete
from sqlmodel import col, select

from app.core.clock import MINUTE, SECOND
from app.core.identifiers import new_identifier
from app.core.secret import Secret
from app.identity.errors import (
    SignInExpired,
)
from app.identity.models import PendingSignInColumns
from app.identity.planes import PENDING, on_plane
from app.identity.secrets_at_rest import hash_token
from app.identity.sign_in import Policy
from app.identity.sign_in_steps import Attempt, Notes
from app.operations.context import Context

LASTS: Final = 10 * MINUTE
MOST_FAILURES: Final = 5


def start(context: Context, policy: Policy) -> PendingSignInColumns:
    """Return the beginning of a sign-in; it is kept when its first step is passed or offered."""
    now = context.now
    table = on_plane(PENDING, policy.plane)
    context.session.exec(delete(table).where(col(table.expires_at) < now))
    return table(
        id=new_identifier(),
        ticket_hash="",
        plane=policy.plane,
        peer=context.source.peer,
        created_at=now,
        expires_at=now + LASTS,
    )


def wait_for_fewer(context: Context, policy: Policy, most: int) -> int:
    """Return the seconds until fewer than `most` sign-ins of this address are open and nobody's.

    0 where they are fewer now.
    """
    table = on_plane(PENDING, policy.plane)
    ends = context.session.exec(
        select(table.expires_at)
        .where(
            table.peer == context.source.peer,
            table.account == "",
            table.expires_at > context.now,
        )
        .order_by(col(table.expires_at).desc())
        .limit(most)
    ).all()
    return -(-(ends[-1] - context.now) // SECOND) if len(ends) == most else 0


def find(context: Context, policy: Policy, ticket: Secret) -> PendingSignInColumns:
    """Return the sign-in of a ticket. Raise SignInExpired if there is none (any more)."""
    table = on_plane(PENDING, policy.plane)
    pending = context.session.exec(
        select(table).where(
            table.ticket_hash == hash_token(ticket.reveal()),
            table.plane == policy.plane,
            table.expires_at > context.now,
        )
    ).first()
    if pending is None:
        raise SignInExpired
    return pending


def count_failure(context: Context, pending: PendingSignInColumns) -> None:
    """Count a failure of this sign-in; the last one ends it."""
    pending.failures += 1
    if pending.failures >= MOST_FAILURES:
        drop(context, pending)


def drop(context: Context, pending: PendingSignInColumns) -> None:
    """Forget a sign-in: it is done, or failed."""
    table = type(pending)
    context.session.flush()
    context.session.exec(delete(table).where(col(table.id) == pending.id))


def open_notes(context: Context, pending: PendingSignInColumns) -> Notes:
    """Return what its steps noted for later ones."""
    if not pending.notes:
        return Notes()
    opened = context.appliance.keyring.open(purpose_of(pending), pending.notes)
    return msgspec.json.decode(opened.reveal(), type=Notes)


def keep_notes(attempt: Attempt, pending: PendingSignInColumns) -> None:
    """Seal what its steps noted, until the next request."""
    document = Secret(msgspec.json.encode(attempt.notes).decode())
    pending.notes = attempt.context.appliance.keyring.seal(purpose_of(pending), document)


def purpose_of(pending: PendingSignInColumns) -> str:
    """Return what its notes are sealed for."""
    return f"pending sign-in {pending.plane} {pending.id}"
