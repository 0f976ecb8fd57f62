"""What the queue keeps about a person: the mails that went, or wait to go, to their address."""

from collections.abc import Iterator

from sqlalchemy import delete
from sqlmodel import Session, col, select

from app.core.messages import mark
from app.identity.models import Account
from app.identity.personal import About, Told, declare_about
from app.mail.models import MailMessage

TOLD = (
    "id", "template", "recipient", "language", "state", "attempts", "created_at", "created_by",
    "finished_at", "error",
)  # fmt: skip
"""Never the content: while a mail waits it may hold a link that opens a door."""


def address_of(session: Session, account: str) -> str:
    """Return where mails of an account go; empty where nowhere."""
    found = session.exec(select(Account.mail).where(Account.id == account)).first()
    return found or ""


def _mails(session: Session, account: str) -> Iterator[Told]:
    if address := address_of(session, account):
        question = select(MailMessage).where(MailMessage.recipient == address)
        for row in session.exec(question.order_by(MailMessage.id)):
            yield {name: getattr(row, name) for name in TOLD}


def _forget_mails(session: Session, account: str) -> int:
    """Remove them, those that wait too: nobody writes to an erased person."""
    address = address_of(session, account)
    if not address:
        return 0
    gone = session.exec(delete(MailMessage).where(col(MailMessage.recipient) == address))
    return gone.rowcount


declare_about(About("mails", mark("Mails to the person"), _mails, _forget_mails))
