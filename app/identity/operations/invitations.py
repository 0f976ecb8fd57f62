"""Inviting people, and opening an invitation (F1)."""

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta
from sqlalchemy import func
from sqlalchemy import select as columns
from sqlmodel import Session, col, select

from app.audit import outbox
from app.core.secret import Secret
from app.identity import (
    account_rows,
    invitations,
    lockout,
    login_ids,
    pending_sign_ins,
    plane_policies,
    rights,
    sign_in_flow,
)
from app.identity.built_in_steps import INVITATION
from app.identity.fields import AccountId, After, Limit
from app.identity.models import Account, Invitation, Password
from app.identity.operations.expulsion import Done
from app.identity.roles import is_administrative
from app.identity.sign_in_flow import Progress
from app.identity.tried import Tried, attempt
from app.operations.context import Context, Plane
from app.operations.operation import Effect, Route, Tier, operation
from app.operations.order import Orders
from app.operations.page import Page
from app.operations.permissions import Permission

ON_CONSOLE: Final = (Plane.CONSOLE,)
ISSUED: Final = "invitations.issue"
"""Verb of the one event that each invited person has."""
MOST: Final = 1_000

NewcomerSort = Literal[
    "login_id", "-login_id", "name", "-name", "mail", "-mail", "invited_until", "-invited_until"
]

Token = Annotated[Secret, Meta(description="What the link ends with")]


class Invite(msgspec.Struct, frozen=True, kw_only=True):
    """People to be invited."""

    accounts: Annotated[tuple[AccountId, ...], Meta(max_length=MOST, description="Whom to invite")]
    days: Annotated[int, Meta(ge=1, le=30, description="Days until the links expire")] = 14


class IssuedInvitation(msgspec.Struct, frozen=True, kw_only=True):
    """One invitation, to be handed over."""

    account: str
    """Identifier."""
    login_id: str
    """Folded: one spelling."""
    name: str
    """As others see it."""
    token: Secret
    """What the link ends with; shown once."""
    governs: bool
    """The person works on the console: the link opens there."""
    first: bool
    """The person has never had a password."""
    expires_at: int
    """Milliseconds since 1970."""


class IssuedInvitations(msgspec.Struct, frozen=True):
    """What is handed over."""

    items: list[IssuedInvitation]
    """In the order that was asked for."""


class InvitedAccount(msgspec.Struct, frozen=True):
    """Whose invitation is meant."""

    account: AccountId


class Newcomers(msgspec.Struct, frozen=True, kw_only=True):
    """Who has no password yet."""

    search: Annotated[str, Meta(max_length=128, description="Part of login ID or name")] = ""
    sort: Annotated[NewcomerSort, Meta(description="Column that sorts; - for downward")] = (
        "login_id"
    )
    after: After = ""
    limit: Limit = 100


class Newcomer(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who never signed in."""

    id: str
    """Identifier of the account."""
    login_id: str
    """Folded: one spelling."""
    name: str
    """As others see it."""
    mail: str
    """Empty: none is known."""
    invited_until: int
    """When the open invitation expires, in milliseconds; 0: there is none."""


class InvitationToken(msgspec.Struct, frozen=True):
    """A link that somebody holds."""

    token: Token


class InvitationFace(msgspec.Struct, frozen=True, kw_only=True):
    """What a link shows before it is used."""

    name: str
    """Who is invited."""
    login_id: str
    """With which they sign in from then on."""
    first: bool
    """The person has never had a password."""
    expires_at: int
    """Milliseconds since 1970."""


@operation(
    "invitations.create",
    permission=Permission.ACCOUNTS_MANAGE,
    tier=Tier.T2_DANGEROUS,
    planes=ON_CONSOLE,
    route=Route("POST", "/invitations", 201),
)
def invite(context: Context, request: Invite) -> IssuedInvitations:
    """Make one-time links with which people choose a password; earlier links end."""
    chosen = dict.fromkeys(request.accounts)
    people = [account_rows.by_id(context.session, each) for each in chosen]
    issued = [issue_one(context, account, request.days) for account in people]
    context.event.numbers["rows"] = len(issued)
    return IssuedInvitations(issued)


def issue_one(context: Context, account: Account, days: int) -> IssuedInvitation:
    """Make one person's link inside the running operation, with an event of its own."""
    session, now = context.session, context.now
    held = rights.parse(account.rights)
    rights.require_reach(context.actor, held)
    by = context.actor.account
    token, row = invitations.issue(session, account, by=by, days=days, now=now)
    lockout.forget(session, account.login_id)
    event = msgspec.structs.replace(
        context.event, verb=ISSUED, numbers={}, references={"invitation": row.id}
    )
    event.about("account", account.id, account.name)
    outbox.append(session, event)
    return IssuedInvitation(
        account=account.id,
        login_id=account.login_id,
        name=account.name,
        token=token,
        governs=any(is_administrative(name) for name, _ in held.grants()),
        first=_is_first(session, account),
        expires_at=row.expires_at,
    )


@operation(
    "invitations.withdraw",
    permission=Permission.ACCOUNTS_MANAGE,
    planes=ON_CONSOLE,
    route=Route("POST", "/accounts/{account}/withdraw-invitation"),
)
def withdraw_invitation(context: Context, which: InvitedAccount) -> Done:
    """Take back a person's open invitation: its link opens nothing from now on."""
    account = account_rows.by_id(context.session, which.account)
    context.event.about("account", account.id, account.name)
    rights.require_reach(context.actor, rights.parse(account.rights))
    return Done(invitations.withdraw(context.session, account.id, context.now) > 0)


@operation(
    "invitations.newcomers",
    permission=Permission.ACCOUNTS_VIEW,
    effect=Effect.REVEAL,
    planes=ON_CONSOLE,
    route=Route("GET", "/invitations/newcomers"),
)
def list_newcomers(context: Context, wanted: Newcomers) -> Page[Newcomer]:
    """Show the people who have no password yet, and whether they are invited."""
    until = invitations.until_when(context.now)
    question = (
        columns(col(Account.id), col(Account.login_id), col(Account.name), col(Account.mail), until)
        .join(Password, col(Password.account) == col(Account.id))
        .where(
            col(Password.valid_until) == account_rows.NEVER_VALID,
            col(Account.state) == account_rows.ACTIVE,
        )
    )
    if wanted.search:
        question = question.where(
            col(Account.login_id).contains(login_ids.fold(wanted.search), autoescape=True)
            | col(Account.name).contains(wanted.search, autoescape=True)
        )
    total = context.session.exec(select(func.count()).select_from(question.subquery())).one()
    orders = {"login_id": Account.login_id, "name": Account.name, "mail": Account.mail}
    order = Orders("login_id", {**orders, "invited_until": until}).by(wanted.sort)
    found = context.session.execute(order.page(question, wanted.after, wanted.limit)).all()
    shown = found[: wanted.limit]
    context.event.numbers["rows"] = len(shown)
    items = [
        Newcomer(id=id_, login_id=login_id, name=name, mail=mail, invited_until=invited_until)
        for id_, login_id, name, mail, invited_until in shown
    ]
    return Page(items=items, after=order.after(found, wanted.limit), total=total)


@operation("invitations.look", permission=Permission.ANYBODY, effect=Effect.REVEAL)
def look_at(context: Context, link: InvitationToken) -> Tried[InvitationFace]:
    """Show whom a link invites, before it is used."""

    def action() -> InvitationFace:
        row, account = _find(context, link.token)
        return InvitationFace(
            name=account.name,
            login_id=account.login_id,
            first=_is_first(context.session, account),
            expires_at=row.expires_at,
        )

    return attempt(context, action)


@operation("sign_in.open_invitation", permission=Permission.ANYBODY, in_reserve=True)
def open_operation(context: Context, link: InvitationToken) -> Tried[Progress]:
    """Begin the sign-in that an invitation opens."""
    policy = plane_policies.invited(plane_policies.policy_of(context.plane))

    def action() -> Progress:
        _find(context, link.token)
        pending = pending_sign_ins.start(context, policy)
        return sign_in_flow.take_step(context, policy, pending, INVITATION.name, link.token)

    return attempt(context, action)


def _is_first(session: Session, account: Account) -> bool:
    kept = session.get(Password, account.id)
    return kept is not None and kept.valid_until == account_rows.NEVER_VALID


def _find(context: Context, token: Secret) -> tuple[Invitation, Account]:
    """Return what a link stands for; the history tells whose it is, also where it is refused."""
    known = invitations.by_token(context.session, token)
    if known is not None:
        account = account_rows.by_id(context.session, known.account)
        context.event.about("account", account.id, account.name)
    row, account = invitations.find(context.session, token, context.now)
    context.event.references["invitation"] = row.id
    return row, account


def look(context: Context, link: InvitationToken) -> InvitationFace:
    """Show a link. Raise InvitationUnknown, InvitationUsed and their like."""
    return look_at(context, link).unwrap()


def open_link(context: Context, link: InvitationToken) -> Progress:
    """Open a link. Raise InvitationUnknown, InvitationUsed and their like, NotForThisPlane."""
    return open_operation(context, link).unwrap()
