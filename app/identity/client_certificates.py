"""Client certificates as rows: whose one is, whether it is valid now, when it was last used.

The edge has checked that the authority has signed what a client shows (`app.web.crossing`). Whose
it is stands here and nowhere else: nothing in a certificate's own words is believed. It is asked at
each request, so what is revoked ends on connections that are open already.
"""

import functools
from collections.abc import Iterator
from typing import Any, Final

import msgspec
from sqlalchemy import bindparam, func, update
from sqlalchemy import select as columns
from sqlmodel import Session, col, select

from app.audit.event import Source
from app.core.clock import DAY, MINUTE
from app.core.database_errors import DatabaseBusy, DiskFull
from app.core.prepared import Prepared
from app.identity.models import ClientCertificate
from app.operations.context import Appliance

USED_EVERY: Final = MINUTE
"""A request writes "used" at most this often."""
WARNED_BEFORE: Final = 30 * DAY
LONGEST_DEVICE: Final = 64
"""Characters; what X.509 lets such a name have."""


class Shown(msgspec.Struct, frozen=True):
    """A valid certificate of the person who has shown it."""

    id: str
    last_used_at: int


def shown_by(session: Session, account: str, fingerprint: str, now: int) -> Shown | None:
    """Return the certificate behind a fingerprint; None where it is not this account's and valid.

    Unknown, another's, revoked and outdated ones are no certificate at all.
    """
    if not fingerprint or not account:
        return None
    row = _question().first(session, fingerprint=fingerprint)
    if row is None or row.account != account or row.revoked_at or now >= row.expires_at:
        return None
    return Shown(row.id, row.last_used_at)


@functools.cache
def _question() -> Prepared:
    table = ClientCertificate
    return Prepared(
        columns(
            table.id, table.account, table.revoked_at, table.expires_at, table.last_used_at
        ).where(  # type: ignore[call-overload]
            col(table.fingerprint) == bindparam("fingerprint")
        )
    )


def note_use(appliance: Appliance, shown: Shown | None, source: Source, now: int) -> None:
    """Write when and from where a certificate was used, if that is due."""
    if shown is None or now - shown.last_used_at < USED_EVERY:
        return
    try:
        with appliance.database.write() as session:
            session.exec(
                update(ClientCertificate)
                .where(col(ClientCertificate.id) == shown.id)
                .values(last_used_at=now, last_used_from=source.peer)
            )
    except (DatabaseBusy, DiskFull):
        # the request matters more than its trace
        return


def valid(now: int) -> Any:  # noqa: ANN401 - a condition of SQLAlchemy
    """Return the condition of certificates that are good at `now`."""
    return (col(ClientCertificate.revoked_at) == 0) & (col(ClientCertificate.expires_at) > now)


def holders(session: Session, now: int) -> set[str]:
    """Return the accounts that hold a valid certificate which has reached its device."""
    return set(
        session.exec(
            select(ClientCertificate.account).where(
                valid(now), col(ClientCertificate.handed_out_at) > 0
            )
        )
    )


def revoked(session: Session, now: int) -> Iterator[tuple[str, int]]:
    """Yield serial number and moment of what is revoked; what has ended since needs no list."""
    table = ClientCertificate
    question = select(table.serial, table.revoked_at).where(
        table.revoked_at > 0, table.expires_at > now
    )
    yield from session.exec(question.order_by(col(table.revoked_at), table.serial))


def state_of_list(session: Session) -> tuple[int, int]:
    """Return what changes whenever something is revoked: how many, and when the last one."""
    found = session.exec(
        select(func.count(), func.coalesce(func.max(ClientCertificate.revoked_at), 0)).where(
            ClientCertificate.revoked_at > 0
        )
    ).one()
    return found[0], found[1]


def ending_soon(session: Session, now: int) -> int:
    """Return how many valid certificates end within 30 days without a newer one of the device."""
    newer = select(ClientCertificate.renews).where(
        ClientCertificate.renews != "", ClientCertificate.revoked_at == 0
    )
    return session.exec(
        select(func.count())
        .select_from(ClientCertificate)
        .where(
            valid(now),
            col(ClientCertificate.expires_at) <= now + WARNED_BEFORE,
            col(ClientCertificate.id).not_in(newer),
        )
    ).one()
