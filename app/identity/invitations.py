"""One-time links: each opens one sign-in of one account, in which its person chooses a password.

They are how somebody new comes in, and how a forgotten password is replaced. Only the hash is
kept. A link is spent when the sign-in that it opened is complete, not when it is opened: a mail
scanner that looks at it costs nothing, and of two people who hold it only the first comes in.
"""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Label, func, update
from sqlmodel import Session, col, select

from app.core.clock import DAY
from app.core.identifiers import new_identifier
from app.core.secret import Secret
from app.identity import account_rows, passwords
from app.identity.errors import (
    InvitationExpired,
    InvitationUnknown,
    InvitationUsed,
    InvitationWithdrawn,
)
from app.identity.models import Account, Invitation, Password
from app.identity.secrets_at_rest import hash_token, new_token


def issue(
    session: Session, account: Account, *, by: str, days: int, now: int
) -> tuple[Secret, Invitation]:
    """Return the token of a new invitation, and its row. Earlier ones of the account end."""
    withdraw(session, account.id, now)
    if session.get(Password, account.id) is None:
        put_no_password(session, account.id, now)
    token = new_token()
    row = Invitation(
        id=new_identifier(),
        token_hash=hash_token(token.reveal()),
        account=account.id,
        created_at=now,
        created_by=by,
        expires_at=now + days * DAY,
    )
    session.add(row)
    session.flush()
    return token, row


def withdraw(session: Session, account: str, now: int) -> int:
    """Take back the open invitations of an account; return how many."""
    ended = session.exec(
        update(Invitation)
        .where(
            col(Invitation.account) == account,
            *_is_open(now),
        )
        .values(withdrawn_at=now)
    )
    return ended.rowcount


def find(session: Session, token: Secret, now: int) -> tuple[Invitation, Account]:
    """Return an open invitation and whom it invites.

    Raise InvitationUnknown, InvitationUsed, InvitationWithdrawn or InvitationExpired.
    """
    row = by_token(session, token)
    if row is None:
        raise InvitationUnknown
    account = account_rows.by_id(session, row.account)
    if row.used_at:
        raise InvitationUsed
    if row.withdrawn_at or account.state != account_rows.ACTIVE:
        raise InvitationWithdrawn
    if row.expires_at <= now:
        raise InvitationExpired
    return row, account


def open_until(session: Session, accounts: Sequence[str], now: int) -> dict[str, int]:
    """Return until when the invitations of some accounts are open, of those that have one."""
    rows = session.exec(
        select(Invitation.account, Invitation.expires_at).where(
            col(Invitation.account).in_(accounts), *_is_open(now)
        )
    ).all()
    return dict(rows)


def until_when(now: int) -> Label[int]:
    """Return a column beside accounts: until when their invitation is open; 0: there is none."""
    latest = (
        select(func.max(Invitation.expires_at))
        .where(Invitation.account == Account.id, *_is_open(now))
        .correlate(Account)
        .scalar_subquery()
    )
    return func.coalesce(latest, 0).label("invited_until")


def _is_open(now: int) -> tuple[ColumnElement[bool], ...]:
    return (
        col(Invitation.used_at) == 0,
        col(Invitation.withdrawn_at) == 0,
        col(Invitation.expires_at) > now,
    )


def by_token(session: Session, token: Secret) -> Invitation | None:
    """Return the invitation of a token, open or not."""
    hashed = hash_token(token.reveal())
    return session.exec(select(Invitation).where(Invitation.token_hash == hashed)).first()


def spend(session: Session, identifier: str, now: int) -> None:
    """Spend an invitation. Raise InvitationUsed where another sign-in was faster."""
    spent = session.exec(
        update(Invitation)
        .where(
            col(Invitation.id) == identifier,
            col(Invitation.used_at) == 0,
            col(Invitation.withdrawn_at) == 0,
        )
        .values(used_at=now)
    )
    if spent.rowcount != 1:
        raise InvitationUsed


def put_no_password(session: Session, account: str, now: int) -> None:
    """Note that an account has no password yet: none fits, and the first one must be chosen."""
    session.add(
        Password(
            account=account,
            hash=passwords.hash_of_none(),
            stands_alone=True,
            must_change=True,
            valid_until=account_rows.NEVER_VALID,
            changed_at=now,
        )
    )
