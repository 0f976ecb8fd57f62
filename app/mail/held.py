"""What the queue holds for a person: mails that wait to go to their address."""

from collections.abc import Sequence

from sqlalchemy import update
from sqlmodel import Session, col, select

from app.core.messages import mark
from app.identity.holdings import Held, Holding, declare
from app.mail.errors import RecipientLeft
from app.mail.models import MailMessage
from app.mail.personal_data import address_of
from app.mail.states import MailState

PAGE = "/settings/mail#mails"


def _mails(session: Session, account: str) -> Sequence[Held]:
    address = address_of(session, account)
    if not address:
        return []
    waiting = select(MailMessage).where(
        MailMessage.recipient == address, MailMessage.state == MailState.WAITING
    )
    return [
        Held(id=row.id, name=row.template, since=row.created_at, href=PAGE)
        for row in session.exec(waiting.order_by(MailMessage.id))
    ]


def _end_mails(session: Session, account: str, now: int) -> int:
    """Send them no more; what the courier has in its hands at this moment still goes."""
    address = address_of(session, account)
    if not address:
        return 0
    ended = session.exec(
        update(MailMessage)
        .where(col(MailMessage.recipient) == address, col(MailMessage.state) == MailState.WAITING)
        .values(state=MailState.FAILED, error=RecipientLeft.code, content="", finished_at=now)
    )
    return ended.rowcount


declare(Holding(kind="mails", title=mark("Mails that wait"), held=_mails, end=_end_mails))
