"""Sending one-time links by mail: to newcomers, and to whoever has forgotten a password (F1)."""

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from app.core.messages import mark
from app.identity import account_rows
from app.identity.fields import AccountId
from app.identity.models import Account, Password
from app.identity.operations.invitations import MOST, IssuedInvitation, issue_one
from app.mail import queue as mail
from app.mail import relay as relays
from app.mail.addresses import is_address
from app.mail.links import link_to
from app.mail.templates import template
from app.mail.times import written_time
from app.operations.context import Context, Plane
from app.operations.operation import Route, Tier, operation
from app.operations.permissions import Permission

FIRST: Final = template(
    "people.invitation",
    subject=mark("Your account at {appliance}"),
    body=mark(
        "{name}\n\n"
        "An account was made for you at {appliance}. Your login ID: {login_id}\n\n"
        "Open this address and choose your password:\n{link}\n\n"
        "The link works once, until {until}. It is for you alone: do not forward it.\n"
        "If you did not expect this mail, ask your administrator and leave the link closed."
    ),
)
ANOTHER: Final = template(
    "people.password_link",
    subject=mark("A new password at {appliance}"),
    body=mark(
        "{name}\n\n"
        "An administrator sent you this link, with which you choose a new password at "
        "{appliance}. Your login ID: {login_id}\n\n"
        "{link}\n\n"
        "The link works once, until {until}. It is for you alone: do not forward it. Until you "
        "use it your present password stays.\n"
        "If you did not ask for it, tell your administrator and leave the link closed."
    ),
)


class MailInvitations(msgspec.Struct, frozen=True, kw_only=True):
    """People to be invited by mail."""

    accounts: Annotated[tuple[AccountId, ...], Meta(max_length=MOST, description="Whom to invite")]
    days: Annotated[int, Meta(ge=1, le=30, description="Days until the links expire")] = 14


class MailedInvitation(msgspec.Struct, frozen=True, kw_only=True):
    """One invitation on its way."""

    account: str
    """Identifier."""
    login_id: str
    """Folded: one spelling."""
    name: str
    """As others see it."""
    mail: str
    """Where it goes."""
    expires_at: int
    """Milliseconds since 1970."""


class Unreached(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody whose invitation has to be printed."""

    account: str
    """Identifier."""
    login_id: str
    """Folded: one spelling."""
    name: str
    """As others see it."""


class MailedInvitations(msgspec.Struct, frozen=True, kw_only=True):
    """Whom a mail reaches, and whom it does not."""

    mailed: list[MailedInvitation]
    """In the order that was asked for."""
    unreached: list[Unreached]
    """Without a mail address: nothing was made for them."""


@operation(
    "invitations.mail",
    permission=Permission.ACCOUNTS_MANAGE,
    tier=Tier.T2_DANGEROUS,
    planes=(Plane.CONSOLE,),
    route=Route("POST", "/invitations/mail", 201),
)
def mail_invitations(context: Context, request: MailInvitations) -> MailedInvitations:
    """Send one-time links by mail, with which people choose a password; earlier links end."""
    relays.need(context.session, context.appliance.keyring)
    mailed: list[MailedInvitation] = []
    unreached: list[Unreached] = []
    for identifier in dict.fromkeys(request.accounts):
        account = account_rows.by_id(context.session, identifier)
        if is_address(account.mail):
            mailed.append(_send(context, account, request.days))
        else:
            unreached.append(
                Unreached(account=account.id, login_id=account.login_id, name=account.name)
            )
    context.event.numbers.update(rows=len(mailed), unreached=len(unreached))
    return MailedInvitations(mailed=mailed, unreached=unreached)


def _send(context: Context, account: Account, days: int) -> MailedInvitation:
    """Make one person's link and queue its mail, in the same transaction."""
    kept = context.session.get(Password, account.id)
    is_first = kept is None or kept.valid_until == account_rows.NEVER_VALID
    issued = issue_one(context, account, days)
    mail.queue(
        context,
        to=account.mail,
        template=FIRST if is_first else ANOTHER,
        values={
            "appliance": context.appliance.machine,
            "name": account.name,
            "login_id": account.login_id,
            "link": link_of(context, issued),
            "until": written_time(issued.expires_at, account.time_zone),
        },
        language=account.language,
    )
    return MailedInvitation(
        account=account.id,
        login_id=account.login_id,
        name=account.name,
        mail=account.mail,
        expires_at=issued.expires_at,
    )


def link_of(context: Context, issued: IssuedInvitation) -> str:
    """Return the address that opens an invitation, on the plane where its person works."""
    plane = Plane.CONSOLE if issued.governs else Plane.WORKSPACE
    return link_to(context, plane, f"/invitation/{issued.token.reveal()}")
