"""Who asks: sessions on the server, looked up by the hash of a random token.

A token is made by us, new at sign-in and at step-up (no fixation), and worth nothing elsewhere: on
another plane, from another address family, after 15 idle minutes or after 12 hours (F7, V15).
"""

import functools
from typing import Any, Final

import msgspec
from sqlalchemy import bindparam, update
from sqlalchemy import select as columns
from sqlmodel import col

from app.audit.event import Source
from app.core import clock
from app.core.clock import MINUTE
from app.core.database_errors import DatabaseBusy, DiskFull
from app.core.prepared import Prepared
from app.identity import client_certificates, rights
from app.identity.bounds import why_shut_out
from app.identity.errors import CertificateNeeded, NotFromHere
from app.identity.models import Account
from app.identity.operations.expulsion import Because, MovedSession, expel_session
from app.identity.planes import SESSIONS, on_plane
from app.identity.secrets_at_rest import hash_token
from app.identity.session_rows import address_family
from app.operations.context import Actor, Appliance, Context, Plane

SEEN_EVERY: Final = MINUTE
"""A request writes "seen" at most this often: reading stays reading."""


class SignedIn(msgspec.Struct, frozen=True, kw_only=True):
    """What a page knows about who asks."""

    actor: Actor
    login_id: str
    language: str
    time_zone: str
    theme: str
    """light, dark, contrast, or empty: as the person's system."""
    idle_until: int
    """When the session ends if no further request comes (ms)."""
    expires_at: int
    """When it ends in any case (ms)."""
    stepped_up_at: int
    """When a fresh second factor was last given here (ms); 0: never since the sign-in."""


def look_up(
    appliance: Appliance,
    plane: Plane,
    token: str,
    source: Source,
    *,
    certificate: str = "",
    touch: bool = True,
) -> SignedIn | None:
    """Return who holds `token` on `plane`; None if nobody does (any more).

    Without `touch` the request does not count as work of a person: a page that asks for news by
    itself must not keep its session alive (F7). `certificate` is what Context has of that name.

    One SELECT, two where a certificate was shown. A session that turns up from the other address
    family is ended and that recorded; so is one that an access rule leaves out by now, or that
    began with a certificate and comes without it: raise NotFromHere or CertificateNeeded (F2, F3).
    """
    now = clock.now()
    with appliance.database.read() as session:
        row = _question(plane).first(session, token=hash_token(token))
        if row is None or now >= min(row.expires_at, row.seen_at + row.idle_limit):
            return None
        held = rights.current(session, row.account, row.rights, row.rights_until, now)
        shown = client_certificates.shown_by(session, row.account, certificate, now)
    actor = Actor(account=row.account, name=row.name, rights=held, session=row.id)
    if row.family != address_family(source.peer):
        context = Context(appliance, actor=actor, source=source, plane=plane)
        expel_session(context, MovedSession(session=row.id))
        return None
    refusal = why_shut_out(row.bounds, plane, source.peer, certificate=shown is not None)
    if refusal is None and row.certificate not in ("", shown.id if shown else ""):
        refusal = CertificateNeeded()
    if refusal is not None:
        context = Context(appliance, actor=actor, source=source, plane=plane)
        because: Because = "network" if isinstance(refusal, NotFromHere) else "certificate"
        expel_session(context, MovedSession(session=row.id, because=because))
        raise refusal
    client_certificates.note_use(appliance, shown, source, now)
    seen_at = _touch(appliance, plane, row, now) if touch else row.seen_at
    return SignedIn(
        actor=actor,
        login_id=row.login_id,
        language=row.language,
        time_zone=row.time_zone,
        theme=row.theme,
        idle_until=seen_at + row.idle_limit,
        expires_at=row.expires_at,
        stepped_up_at=row.stepped_up_at,
    )


@functools.cache
def _question(plane: str) -> Prepared:
    table = on_plane(SESSIONS, plane)
    return Prepared(
        columns(
            table.id,
            table.account,
            table.seen_at,
            table.idle_limit,
            table.expires_at,
            table.family,
            table.stepped_up_at,
            table.certificate,
            Account.name,
            Account.login_id,
            Account.language,
            Account.time_zone,
            Account.theme,
            Account.rights,
            Account.rights_until,
            Account.bounds,
        )  # type: ignore[call-overload]
        .join(Account, col(Account.id) == col(table.account))
        .where(
            col(table.token_hash) == bindparam("token"),
            col(table.plane) == plane,
            col(table.ended_at) == 0,
            col(Account.state) == "active",
        )
    )


def _touch(appliance: Appliance, plane: Plane, row: Any, now: int) -> int:  # noqa: ANN401
    """Write that the session was seen, if that is due. Return the time that is written."""
    if now - row.seen_at < SEEN_EVERY:
        return int(row.seen_at)
    table = on_plane(SESSIONS, plane)
    try:
        with appliance.database.write() as session:
            session.exec(
                update(table)
                .where(col(table.id) == row.id, col(table.seen_at) < now)
                .values(seen_at=now)
            )
    except (DatabaseBusy, DiskFull):
        # the request matters more than its trace: whoever frees the disk must stay signed in
        return int(row.seen_at)
    return now
