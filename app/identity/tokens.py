"""API tokens: a program acts as its person, with the same rights or fewer, until a stated day.

A token works on the plane where it was made. Its beginning, `tenshu_` and eight characters, is
kept readable, so that a found token can be told; of the rest only the hash is kept.
"""

from typing import Final

from sqlalchemy import update
from sqlmodel import col, select

from app.audit.event import Source
from app.core import clock
from app.core.clock import DAY, MINUTE
from app.core.database_errors import DatabaseBusy, DiskFull
from app.core.identifiers import new_identifier
from app.core.secret import Secret
from app.identity import client_certificates, rights
from app.identity.bounds import why_shut_out
from app.identity.models import Account, ApiTokenColumns
from app.identity.operations.expulsion import KeptOut, keep_out
from app.identity.planes import TOKENS, on_plane
from app.identity.secrets_at_rest import hash_token, new_token
from app.operations.context import Actor, Appliance, Context, Plane
from app.operations.permissions import Rights

PREFIX: Final = "tenshu_"
SHOWN: Final = len(PREFIX) + 8
LONGEST_DAYS: Final = 366
USED_EVERY: Final = MINUTE


def create(
    context: Context, name: str, narrowed: Rights, days: int
) -> tuple[Secret, ApiTokenColumns]:
    """Make a token for the acting person. Return it (shown once) and its row."""
    token, now = new_token(PREFIX), context.now
    row = on_plane(TOKENS, context.plane)(
        id=new_identifier(),
        account=context.actor.account,
        name=name,
        prefix=token.reveal()[:SHOWN],
        token_hash=hash_token(token.reveal()),
        rights=rights.write(narrowed),
        created_at=now,
        expires_at=now + days * DAY,
    )
    context.session.add(row)
    context.session.flush()
    return token, row


def look_up(
    appliance: Appliance, plane: Plane, token: str, source: Source, *, certificate: str = ""
) -> Actor | None:
    """Return who a token acts as on `plane`, with the rights that both hold; None if nobody.

    Programs move: `source` is not bound, but for what access rules say of the person. Raise
    NotFromHere or CertificateNeeded where they leave it out; that is recorded (F2, F3).
    """
    if not token.startswith(PREFIX):
        return None
    table = on_plane(TOKENS, plane)
    now = clock.now()
    with appliance.database.read() as session:
        found = session.exec(
            select(table, Account)
            .join(Account, col(Account.id) == col(table.account))
            .where(
                table.token_hash == hash_token(token),
                table.revoked_at == 0,
                table.expires_at > now,
                Account.state == "active",
            )
        ).first()
        if found is None:
            return None
        row, account = found
        mine = rights.held_by(session, account, now)
        shown = client_certificates.shown_by(session, account.id, certificate, now)
    refusal = why_shut_out(
        account.bounds, plane, source.peer, certificate=shown is not None, by_token=True
    )
    if refusal is not None:
        actor = Actor(account=account.id, name=account.name, token=row.id)
        context = Context(appliance, actor=actor, source=source, plane=plane)
        keep_out(context, KeptOut(token=row.id, code=refusal.code))
        raise refusal
    _note_use(appliance, row, now)
    client_certificates.note_use(appliance, shown, source, now)
    return Actor(
        account=account.id,
        name=account.name,
        rights=rights.parse(row.rights).narrowed(mine),
        token=row.id,
    )


def _note_use(appliance: Appliance, row: ApiTokenColumns, now: int) -> None:
    if now - row.last_used_at < USED_EVERY:
        return
    table = type(row)
    try:
        with appliance.database.write() as session:
            session.exec(update(table).where(col(table.id) == row.id).values(last_used_at=now))
    except (DatabaseBusy, DiskFull):
        # the request matters more than its trace
        return
