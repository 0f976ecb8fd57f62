"""A change that is asked for again with the same key is done once.

A program whose connection broke does not know whether its change was made. With a key of its own
(header `Idempotency-Key`, draft-ietf-httpapi-idempotency-key-header) it asks again and is given the
first answer. The answer is kept in the transaction of the change, so there is no moment in which
one is there without the other. It goes after a day, and with whoever is erased.
"""

from typing import Final

from sqlalchemy import Table, delete, insert, select
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, SQLModel

from app.core import clock
from app.core.errors import TenshuError
from app.core.secret import Secret
from app.operations.context import Context
from app.operations.models import Repeat

KEPT: Final = clock.DAY
"""How long an answer is kept, in milliseconds."""

_repeats: Table = SQLModel.metadata.tables[str(Repeat.__tablename__)]


class KeyUsedOtherwise(TenshuError):
    """The key belongs to another request."""

    code = "repeat.other_request"
    status = 422
    message = "The key “{key}” was used for another request."
    hint = "Give each change a key of its own."


class UnderWay(TenshuError):
    """The same change is being made at this moment."""

    code = "repeat.under_way"
    status = 409
    message = "The change with the key “{key}” is being made at this moment."
    hint = "Ask again in a moment, with the same key."


def find(context: Context, digest: str) -> bytes | None:
    """Return what was answered to this change; None where it was not made yet.

    Raise KeyUsedOtherwise where the key stands for another one.
    """
    account, key = context.actor.account, context.repeat_key
    c = _repeats.c
    query = select(c.digest, c.answer).where(
        c.account == account, c.key == key, c.at >= context.now - KEPT
    )
    with context.appliance.database.read() as session:
        row = session.connection().execute(query).first()
    if row is None:
        return None
    if row.digest != digest:
        raise KeyUsedOtherwise(key=key)
    purpose = purpose_of(account, key)
    return context.appliance.keyring.open(purpose, row.answer).reveal().encode()


def keep(session: Session, context: Context, name: str, digest: str, answer: bytes) -> None:
    """Keep the answer of a change in its transaction. Raise UnderWay where another has done so."""
    account, key = context.actor.account, context.repeat_key
    connection = session.connection()
    forget(session, context.now - KEPT)
    sealed = context.appliance.keyring.seal(purpose_of(account, key), Secret(answer.decode()))
    row = {"account": account, "key": key, "operation": name, "digest": digest}
    try:
        connection.execute(insert(_repeats).values(**row, answer=sealed, at=context.now))
    except IntegrityError as error:
        raise UnderWay(key=key) from error


def forget(session: Session, before: int) -> int:
    """Remove the answers that were kept before a moment; return how many."""
    return session.connection().execute(delete(_repeats).where(_repeats.c.at < before)).rowcount


def purpose_of(account: str, key: str) -> str:
    """Return what an answer is sealed for."""
    return f"operations.repeat:{account}:{key}"
