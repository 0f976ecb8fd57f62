"""Sessions as rows: begun, rotated, ended. Who asks with one is looked up in `sessions.py`."""

import ipaddress
from typing import Final

from sqlalchemy import delete, update
from sqlmodel import Session, col

from app.audit.event import Source
from app.core import clock
from app.core.clock import DAY
from app.core.identifiers import new_identifier
from app.core.secret import Secret
from app.identity.models import SessionColumns
from app.identity.planes import PENDING, SESSIONS, on_plane, writable_on
from app.identity.policies import IdentityPolicy
from app.identity.secrets_at_rest import hash_token, new_token

KEPT_AFTER_END: Final = 30 * DAY
LONGEST_DEVICE: Final = 256


def begin(
    session: Session,
    policy: IdentityPolicy,
    *,
    plane: str,
    account: str,
    source: Source,
    factors: str,
    now: int,
    certificate: str = "",
) -> tuple[Secret, SessionColumns]:
    """Start a session. Return the token for the cookie, and the row."""
    table = on_plane(SESSIONS, plane)
    session.exec(
        delete(table).where(
            col(table.account) == account, col(table.expires_at) < now - KEPT_AFTER_END
        )
    )
    token = new_token()
    row = table(
        id=new_identifier(),
        token_hash=hash_token(token.reveal()),
        account=account,
        plane=plane,
        started_at=now,
        seen_at=now,
        idle_limit=policy.idle_limit(plane),
        expires_at=now + policy.longest_session(plane),
        peer=source.peer,
        family=address_family(source.peer),
        device=source.device[:LONGEST_DEVICE],
        factors=factors,
        certificate=certificate,
    )
    session.add(row)
    session.flush()
    return token, row


def rotate(session: Session, plane: str, identifier: str, now: int) -> Secret:
    """Give a session a new token after a step-up; the old one is worth nothing from now on."""
    table = on_plane(SESSIONS, plane)
    token = new_token()
    session.exec(
        update(table)
        .where(col(table.id) == identifier, col(table.ended_at) == 0)
        .values(token_hash=hash_token(token.reveal()), stepped_up_at=now)
    )
    return token


def end(session: Session, plane: str, account: str, identifier: str, because: str) -> bool:
    """End one session of an account. Tell whether it was running."""
    table = on_plane(SESSIONS, plane)
    ended = session.exec(
        update(table)
        .where(col(table.id) == identifier, col(table.account) == account, col(table.ended_at) == 0)
        .values(ended_at=clock.now(), ended_because=because)
    )
    return ended.rowcount == 1


def end_of_certificate(session: Session, certificate: str, because: str) -> int:
    """End every session that began with a client certificate; return how many. For the console."""
    ended = 0
    for table in SESSIONS:
        result = session.exec(
            update(table)
            .where(col(table.certificate) == certificate, col(table.ended_at) == 0)
            .values(ended_at=clock.now(), ended_because=because)
        )
        ended += result.rowcount
    return ended


def end_all(session: Session, plane: str, account: str, because: str, *, spare: str = "") -> int:
    """End what `plane` may end of an account: running sessions but for `spare`, begun sign-ins.

    The console ends them on every plane. Return how many sessions ran.
    """
    for pending in writable_on(PENDING, plane):
        session.exec(delete(pending).where(col(pending.account) == account))
    ended = 0
    for table in writable_on(SESSIONS, plane):
        result = session.exec(
            update(table)
            .where(col(table.account) == account, col(table.ended_at) == 0, col(table.id) != spare)
            .values(ended_at=clock.now(), ended_because=because)
        )
        ended += result.rowcount
    return ended


def address_family(peer: str) -> str:
    """Return `4`, `6`, or nothing where the peer has no network address."""
    try:
        address = ipaddress.ip_address(peer)
    except ValueError:
        return ""
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        return "4"
    return str(address.version)
