"""What identity keeps for a person: what signs them in, what they may do, what they answer for."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from sqlalchemy import delete, or_, update
from sqlmodel import Session, col, select

from app.core import clock
from app.core.messages import mark
from app.identity import confirmation, factors, rights, session_rows
from app.identity.client_certificates import valid
from app.identity.group_paths import named_paths
from app.identity.holdings import Held, Holding, declare
from app.identity.models import ClientCertificate, Grant, Group, Invitation, Membership, Password
from app.identity.planes import CREDENTIALS, REQUESTS, SESSIONS, TOKENS
from app.operations.context import Plane

BECAUSE: Final = "left"
UNDECIDED: Final = (confirmation.OPEN, confirmation.WAITING)
EXPIRED: Final = 1
"""A password that was valid until the first millisecond of 1970 opens nothing."""


def _group_page(group: str) -> str:
    return f"/groups/{group}"


def _sessions(session: Session, account: str) -> Sequence[Held]:
    now = clock.now()
    return [
        Held(id=row.id, name=row.plane, since=row.started_at)
        for table in SESSIONS
        for row in session.exec(
            select(table)
            .where(table.account == account, table.ended_at == 0, col(table.expires_at) > now)
            .order_by(col(table.started_at))
        )
    ]


def _end_sessions(session: Session, account: str, _now: int) -> int:
    return session_rows.end_all(session, Plane.CONSOLE, account, BECAUSE)


def _tokens(session: Session, account: str) -> Sequence[Held]:
    now = clock.now()
    return [
        Held(id=row.id, name=row.name, since=row.created_at)
        for table in TOKENS
        for row in session.exec(
            select(table)
            .where(table.account == account, table.revoked_at == 0, col(table.expires_at) > now)
            .order_by(col(table.created_at))
        )
    ]


def _end_tokens(session: Session, account: str, now: int) -> int:
    ended = 0
    for table in TOKENS:
        revoked = session.exec(
            update(table)
            .where(col(table.account) == account, col(table.revoked_at) == 0)
            .values(revoked_at=now)
        )
        ended += revoked.rowcount
    return ended


def _factors(session: Session, account: str) -> Sequence[Held]:
    return [
        Held(id=row.id, name=row.name, since=row.created_at)
        for table in CREDENTIALS
        for row in session.exec(
            select(table)
            .where(table.account == account, table.kind != factors.RECOVERY_CODE)
            .order_by(col(table.created_at))
        )
    ]


def _end_factors(session: Session, account: str, _now: int) -> int:
    """Remove them, and let the password open nothing: who comes back is let in anew."""
    session.exec(
        update(Password)
        .where(col(Password.account) == account)
        .values(must_change=True, valid_until=EXPIRED)
    )
    held = len(_factors(session, account))
    factors.remove_all(session, account)
    return held


def _requests(session: Session, account: str) -> Sequence[Held]:
    return [
        Held(id=row.id, name=row.operation, since=row.created_at)
        for table in REQUESTS
        for row in session.exec(
            select(table)
            .where(table.account == account, col(table.state).in_(UNDECIDED))
            .order_by(col(table.created_at))
        )
    ]


def _end_requests(session: Session, account: str, now: int) -> int:
    ended = 0
    for table in REQUESTS:
        declined = session.exec(
            update(table)
            .where(col(table.account) == account, col(table.state).in_(UNDECIDED))
            .values(state=confirmation.DECLINED, decided_at=now)
        )
        ended += declined.rowcount
    return ended


def _certificates(session: Session, account: str) -> Sequence[Held]:
    found = session.exec(
        select(ClientCertificate)
        .where(ClientCertificate.account == account, valid(clock.now()))
        .order_by(col(ClientCertificate.issued_at))
    )
    return [Held(id=one.id, name=one.device, since=one.issued_at) for one in found]


def _end_certificates(session: Session, account: str, now: int) -> int:
    revoked = session.exec(
        update(ClientCertificate)
        .where(col(ClientCertificate.account) == account, valid(now))
        .values(revoked_at=now, revoked_because="left")
    )
    return int(revoked.rowcount)


def _invitations(session: Session, account: str) -> Sequence[Held]:
    now = clock.now()
    found = session.exec(
        select(Invitation).where(
            Invitation.account == account,
            Invitation.used_at == 0,
            Invitation.withdrawn_at == 0,
            col(Invitation.expires_at) > now,
        )
    )
    return [Held(id=one.id, since=one.created_at) for one in found]


def _end_invitations(session: Session, account: str, now: int) -> int:
    withdrawn = session.exec(
        update(Invitation)
        .where(
            col(Invitation.account) == account,
            col(Invitation.used_at) == 0,
            col(Invitation.withdrawn_at) == 0,
        )
        .values(withdrawn_at=now)
    )
    return withdrawn.rowcount


def _headships(session: Session, account: str) -> Sequence[Held]:
    found = session.exec(select(Group.id).where(Group.head == account))
    return _groups(session, found)


def _put_head(session: Session, account: str, head: str) -> int:
    changed = session.exec(
        update(Group).where(col(Group.head) == account).values(head=head, rev=col(Group.rev) + 1)
    )
    return changed.rowcount


def _end_headships(session: Session, account: str, _now: int) -> int:
    return _put_head(session, account, "")


def _memberships(session: Session, account: str) -> Sequence[Held]:
    found = session.exec(select(Membership.group).where(Membership.account == account))
    return _groups(session, found)


def _groups(session: Session, which: Iterable[str]) -> Sequence[Held]:
    """Return groups by their paths: sections of several departments have one name."""
    names = named_paths(session)
    return [
        Held(id=group, name=names[group], href=_group_page(group))
        for group in sorted(which, key=names.__getitem__)
    ]


def _end_memberships(session: Session, account: str, _now: int) -> int:
    return _delete(session, account, delete(Membership).where(col(Membership.account) == account))


def _grants(session: Session, account: str) -> Sequence[Held]:
    now = clock.now()
    found = session.exec(
        select(Grant)
        .where(Grant.holder == account, or_(col(Grant.until) == 0, col(Grant.until) > now))
        .where(~col(Grant.taken))
        .order_by(col(Grant.created_at))
    )
    return [
        Held(
            id=grant.id,
            name=" ".join(filter(None, (_what(grant), grant.scope))),
            since=grant.created_at,
        )
        for grant in found
    ]


def _what(grant: Grant) -> str:
    return f"role:{grant.role}" if grant.role else grant.permission


def _end_grants(session: Session, account: str, _now: int) -> int:
    return _delete(session, account, delete(Grant).where(col(Grant.holder) == account))


def _delete(session: Session, account: str, statement: Any) -> int:  # noqa: ANN401 - a DELETE
    """Delete what gives rights; compile anew what is left."""
    deleted = session.exec(statement)
    rights.recompile(session, [account])
    return int(deleted.rowcount)


declare(
    Holding(
        kind="headships",
        title=mark("Heads of groups"),
        held=_headships,
        end=_end_headships,
        pass_on=_put_head,
    )
)
declare(Holding(kind="sessions", title=mark("Sessions"), held=_sessions, end=_end_sessions))
declare(Holding(kind="tokens", title=mark("API tokens"), held=_tokens, end=_end_tokens))
declare(Holding(kind="factors", title=mark("Second factors"), held=_factors, end=_end_factors))
declare(Holding(kind="requests", title=mark("Open requests"), held=_requests, end=_end_requests))
declare(
    Holding(kind="invitations", title=mark("Invitations"), held=_invitations, end=_end_invitations)
)
declare(
    Holding(
        kind="client_certificates",
        title=mark("Client certificates"),
        held=_certificates,
        end=_end_certificates,
    )
)
declare(
    Holding(kind="memberships", title=mark("Memberships"), held=_memberships, end=_end_memberships)
)
declare(Holding(kind="grants", title=mark("Rights of one's own"), held=_grants, end=_end_grants))
