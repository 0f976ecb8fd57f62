"""What identity keeps about a person, and what is left of it once the person is erased."""

from collections.abc import Iterator
from typing import Final

from sqlalchemy import delete, update
from sqlmodel import Session, col, select

from app.core.messages import mark
from app.identity import passwords
from app.identity.models import (
    AccessRule,
    Account,
    ClientCertificate,
    CredentialUse,
    Grant,
    Group,
    Invitation,
    Membership,
    Password,
)
from app.identity.personal import About, Told, declare_about
from app.identity.planes import CHALLENGES, CREDENTIALS, PENDING, REQUESTS, SESSIONS, TOKENS
from app.identity.secrets_at_rest import new_token

ERASED: Final = "erased"
SECRETS: Final = frozenset({"secret", "token_hash", "ticket_hash", "arguments", "notes", "hash"})


def _columns(row: object) -> Told:
    """Return a row without its secrets."""
    return {
        name: value
        for name, value in row.__dict__.items()
        if not name.startswith("_") and name not in SECRETS
    }


def _account(session: Session, account: str) -> Iterator[Told]:
    found = session.get(Account, account)
    if found is not None:
        session.refresh(found)
        yield _columns(found)


def pseudonym(account: str) -> str:
    """Return the name that says nothing, of which there is one an account."""
    return f"{ERASED}-{account[-12:]}"


def _forget_account(session: Session, account: str) -> int:
    """Replace what tells who it was; the identifier, which the history is built of, stays."""
    name = pseudonym(account)
    changed = session.exec(
        update(Account)
        .where(col(Account.id) == account)
        .values(
            name=name,
            login_id=name,
            mail="",
            employee_number=None,
            rev=col(Account.rev) + 1,
        )
    )
    return changed.rowcount


def _groups(session: Session, account: str) -> Iterator[Told]:
    members = select(Membership.group).where(Membership.account == account)
    for group in session.exec(select(Group).where(col(Group.id).in_(members))):
        yield {"group": group.id, "name": group.name, "head": group.head == account}
    for group in session.exec(select(Group).where(Group.head == account)):
        yield {"group": group.id, "name": group.name, "head": True}


def _grants(session: Session, account: str) -> Iterator[Told]:
    for grant in session.exec(select(Grant).where(Grant.holder == account)):
        given_by = session.get(Account, grant.created_by) if grant.created_by else None
        yield _columns(grant) | {"given_by_name": given_by.name if given_by else ""}


def _grants_given(session: Session, account: str) -> Iterator[Told]:
    for grant in session.exec(select(Grant).where(Grant.created_by == account)):
        yield _columns(grant)


def _sessions(session: Session, account: str) -> Iterator[Told]:
    for table in SESSIONS:
        for row in session.exec(select(table).where(table.account == account)):
            yield _columns(row)


def _forget_sessions(session: Session, account: str) -> int:
    changed = 0
    for table in SESSIONS:
        found = session.exec(
            update(table).where(col(table.account) == account).values(peer="", device="")
        )
        changed += found.rowcount
    return changed


def _sign_ins(session: Session, account: str) -> Iterator[Told]:
    for table in PENDING:
        for row in session.exec(select(table).where(table.account == account)):
            yield _columns(row)


def _forget_sign_ins(session: Session, account: str) -> int:
    begun = sum(
        session.exec(delete(table).where(col(table.account) == account)).rowcount
        for table in PENDING
    )
    for questions in CHALLENGES:
        session.exec(delete(questions).where(col(questions.account) == account))
    return begun


def _factors(session: Session, account: str) -> Iterator[Told]:
    for table in CREDENTIALS:
        for row in session.exec(select(table).where(table.account == account)):
            used = session.get(CredentialUse, row.id)
            yield _columns(row) | {"last_used_at": used.last_used_at if used else 0}


def _forget_factors(session: Session, account: str) -> int:
    """Remove them, and put a password in their place that nobody knows."""
    session.exec(
        update(Password)
        .where(col(Password.account) == account)
        .values(hash=passwords.hash_password(new_token()), must_change=True, valid_until=1)
    )
    gone = sum(
        session.exec(delete(table).where(col(table.account) == account)).rowcount
        for table in CREDENTIALS
    )
    session.exec(delete(CredentialUse).where(col(CredentialUse.account) == account))
    return gone


def _password(session: Session, account: str) -> Iterator[Told]:
    found = session.get(Password, account)
    if found is not None:
        yield _columns(found)


def _tokens(session: Session, account: str) -> Iterator[Told]:
    for table in TOKENS:
        for row in session.exec(select(table).where(table.account == account)):
            yield _columns(row)


def _forget_tokens(session: Session, account: str) -> int:
    changed = 0
    for table in TOKENS:
        found = session.exec(update(table).where(col(table.account) == account).values(name=ERASED))
        changed += found.rowcount
    return changed


def _invitations(session: Session, account: str) -> Iterator[Told]:
    for row in session.exec(select(Invitation).where(Invitation.account == account)):
        yield _columns(row)


def _requests(session: Session, account: str) -> Iterator[Told]:
    for table in REQUESTS:
        for row in session.exec(select(table).where(table.account == account)):
            yield _columns(row)


def _certificates(session: Session, account: str) -> Iterator[Told]:
    table = ClientCertificate
    for row in session.exec(select(table).where(table.account == account)):
        yield _columns(row)


def _forget_certificates(session: Session, account: str) -> int:
    """Replace what tells of the device; what was revoked must stay so."""
    changed = session.exec(
        update(ClientCertificate)
        .where(col(ClientCertificate.account) == account)
        .values(device=ERASED, last_used_from="")
    )
    return changed.rowcount


def _access_rules(session: Session, account: str) -> Iterator[Told]:
    for row in session.exec(
        select(AccessRule).where(AccessRule.kind == "account", AccessRule.subject == account)
    ):
        yield _columns(row)


for _one in (
    About("account", mark("Account"), _account, _forget_account),
    About("groups", mark("Groups"), _groups),
    About("grants", mark("Rights of one's own"), _grants),
    About("grants-given", mark("Rights given to others"), _grants_given),
    About("sessions", mark("Sessions"), _sessions, _forget_sessions),
    About("sign-ins", mark("Unfinished sign-ins"), _sign_ins, _forget_sign_ins),
    About("factors", mark("Second factors"), _factors, _forget_factors),
    About("password", mark("Password"), _password),
    About("tokens", mark("API tokens"), _tokens, _forget_tokens),
    About("requests", mark("Requests"), _requests),
    About("invitations", mark("Invitations"), _invitations),
    About(
        "client-certificates",
        mark("Client certificates"),
        _certificates,
        _forget_certificates,
    ),
    About("access-rules", mark("Access rules"), _access_rules),
):
    declare_about(_one)
