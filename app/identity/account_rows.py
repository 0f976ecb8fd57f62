"""Accounts as rows: found, and their password changed. Rules about who may stand in operations."""

from sqlmodel import Session, select

from app.core.errors import NotFound
from app.core.messages import mark
from app.core.secret import Secret
from app.identity import password_rules, passwords
from app.identity.errors import UnsuitablePassword
from app.identity.models import Account, Password
from app.identity.password_rules import PasswordPolicy

ACTIVE = "active"
SUSPENDED = "suspended"
NEVER_VALID = 1
"""`valid_until` of whoever has no password yet: an invitation opens their first sign-in."""


def by_login_id(session: Session, login_id: str) -> Account | None:
    """Return the account of a folded login ID."""
    return session.exec(select(Account).where(Account.login_id == login_id)).first()


def by_id(session: Session, identifier: str) -> Account:
    """Return an account. Raise NotFound."""
    account = session.get(Account, identifier)
    if account is None:
        raise NotFound(kind=mark("account"), name=identifier)
    return account


def may_sign_in(account: Account, password: Password, now: int) -> bool:
    """Tell whether an account whose password fits may go on: active, and a given one in time."""
    in_time = password.valid_until == 0 or now < password.valid_until
    return account.state == ACTIVE and in_time


def change_password(
    session: Session,
    account: Account,
    password: Secret,
    policy: PasswordPolicy,
    *,
    has_factor: bool,
    now: int,
) -> None:
    """Put a password that its person chose in the place of the old one.

    Raise UnsuitablePassword if it breaks a rule or is the old one again.
    """
    known = (account.login_id, *account.name.split(), account.name)
    password_rules.judge(policy, password, has_factor=has_factor, known=known)
    kept = session.get(Password, account.id)
    if kept is not None and passwords.verify(kept.hash, password):
        raise UnsuitablePassword(reason=mark("it is the one that you have now."))
    put_password(session, account.id, password, policy, now=now)


def put_password(
    session: Session,
    account: str,
    password: Secret,
    policy: PasswordPolicy,
    *,
    now: int,
    valid_until: int = 0,
) -> None:
    """Store a password. With `valid_until` (ms) it must be changed at its first use."""
    kept = session.get(Password, account)
    if kept is None:
        kept = Password(account=account, hash="", stands_alone=False, changed_at=now)
    kept.hash = passwords.hash_password(password)
    kept.stands_alone = password_rules.stands_alone(policy, password)
    kept.must_change = valid_until > 0
    kept.valid_until = valid_until
    kept.changed_at = now
    session.add(kept)
    session.flush()
