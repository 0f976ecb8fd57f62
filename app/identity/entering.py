"""From where and with which certificate one person may come in, as the rules stand now (F2, F3).

A right says what somebody may do, once they are in; this says whether they come in at all. Rules of
access have no periods as grants have: about a past day the history answers.
"""

import msgspec
from sqlmodel import Session, col, select

from app.identity.bounds import AREAS, NOTHING, asks_for_certificate
from app.identity.client_certificates import valid
from app.identity.models import Account, ClientCertificate


class OwnCertificate(msgspec.Struct, frozen=True, kw_only=True):
    """A valid certificate of the person."""

    id: str
    """Identifier."""
    device: str
    """For which device."""
    expires_at: int
    """When it ends (ms)."""
    handed_out: bool
    """Whether its file has been downloaded; until then no device shows it."""


def areas_with_certificate(account: Account) -> tuple[str, ...]:
    """Return the areas that a person enters with a certificate of their own only."""
    if account.bounds == NOTHING:
        return ()
    return tuple(area for area in AREAS if asks_for_certificate(account.bounds, area))


def valid_certificates(session: Session, account: str, now: int) -> list[OwnCertificate]:
    """Return the certificates with which a person may come in, what ends first on top."""
    table = ClientCertificate
    question = select(table.id, table.device, table.expires_at, table.handed_out_at)
    found = session.exec(
        question.where(col(table.account) == account, valid(now)).order_by(
            col(table.expires_at), col(table.id)
        )
    )
    return [
        OwnCertificate(id=one, device=device, expires_at=ends, handed_out=bool(handed))
        for one, device, ends, handed in found
    ]
