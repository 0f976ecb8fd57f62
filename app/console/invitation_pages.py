"""Invitations: who has no password yet, and one-time links on sheets or by mail (F1)."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery

from app.core.errors import InvalidInput, TenshuError
from app.core.messages import mark
from app.core.settings import Settings
from app.identity.operations import invitations
from app.mail.errors import NoRelay
from app.mail.operations import relay
from app.operations.context import Context
from app.operations.operation import NoRequest, Operation
from app.operations.permissions import Permission
from app.people.operations import mailing
from app.web.asking import AnyRequest, appliance_of
from app.web.design.address import change_query, one_of
from app.web.pages import Answer, ask, field_errors, go, need_sign_in, page, perform, result_of
from app.web.routing import get, post
from app.web.shared_pages import Form

PAGE: Final = 100
NOBODY_CHOSEN: Final = mark("Choose at least one person.")


class Sheet(msgspec.Struct, frozen=True):
    """What is printed for one person."""

    name: str
    login_id: str
    link: str
    first: bool
    expires_at: int


@get("/invitations")
def show_newcomers(
    request: AnyRequest,
    q: FromQuery[str] = "",
    sort: FromQuery[str] = "",
    after: FromQuery[str] = "",
) -> Answer:
    """Show who has no password yet."""
    return _newcomers_page(request, {"q": q, "sort": sort, "after": after}, {})


@post("/invitations")
def invite(request: AnyRequest, data: Form) -> Answer:
    """Make links for the chosen people, to be printed, after a fresh second factor."""
    return _invite(request, data, invitations.invite, invitations.Invite)


@post("/invitations/mail")
def invite_by_mail(request: AnyRequest, data: Form) -> Answer:
    """Send links to the chosen people, after a fresh second factor."""
    return _invite(request, data, mailing.mail_invitations, mailing.MailInvitations)


def _invite(
    request: AnyRequest, data: Form, operation: Operation[Any, Any], kind: type[msgspec.Struct]
) -> Answer:
    context = need_sign_in(request)
    chosen = data.get("selected", [])
    accounts = [chosen] if isinstance(chosen, str) else chosen
    try:
        if data.get("everybody"):
            accounts = _everybody(context)
        if not accounts:
            raise InvalidInput(field="selected", reason=NOBODY_CHOSEN)
        if operation is mailing.mail_invitations and not _mail_is_ready(context):
            raise NoRelay  # before a code of the authenticator is spent
        return perform(request, operation, ask(kind, accounts=accounts))
    except TenshuError as error:
        errors = {"": " ".join(field_errors(context.language, error).values())}
        asked = {name: str(data.get(name, "")) for name in ("q", "sort", "after")}
        return _newcomers_page(request, asked, errors, status=error.status, picked=accounts)


def _everybody(context: Context) -> list[str]:
    """Return who has no password and no open link, as many as one confirmation takes."""
    found: list[str] = []
    after = ""
    while len(found) < invitations.MOST:
        wanted = ask(invitations.Newcomers, after=after, limit=500)
        part = invitations.list_newcomers(context, wanted)
        found += [one.id for one in part.items if not one.invited_until]
        if not (after := part.after):
            break
    return found[: invitations.MOST]


@post("/invitations/{account:str}/withdraw")
def withdraw(request: AnyRequest, account: FromPath[str], data: Form) -> Answer:
    """Take a person's open link back."""
    context = need_sign_in(request)
    invitations.withdraw_invitation(context, ask(invitations.InvitedAccount, account=account))
    place = f"/accounts/{account}" if data.get("from") == "account" else "/invitations"
    return go(f"{place}?notice=withdrawn")


@result_of(invitations.invite)
def sheets(request: AnyRequest, result: invitations.IssuedInvitations) -> Answer:
    """Show the links, once, to be printed: one sheet a person."""
    name = request.url.hostname or "localhost"
    settings = appliance_of(request).settings
    made = [
        Sheet(one.name, one.login_id, link, one.first, one.expires_at)
        for one in result.items
        if (link := link_of(settings, name, one))
    ]
    match result.items:
        case [only] if not only.first:  # a password that was forgotten: asked for at the account
            back = f"/accounts/{only.account}"
        case _:
            back = "/invitations"
    return page(request, "console/invitation_sheets.html", sheets=made, back=back)


@result_of(mailing.mail_invitations)
def mailed(request: AnyRequest, result: mailing.MailedInvitations) -> Answer:
    """Tell whom a mail reaches, and whose link has to be printed."""
    return page(request, "console/invitations_mailed.html", sent=result)


def link_of(settings: Settings, name: str, one: invitations.IssuedInvitation) -> str:
    """Return the address that opens an invitation, under a host name of the appliance."""
    port = settings.console_port if one.governs else settings.workspace_port
    host = f"[{name}]" if ":" in name else name
    return f"https://{host}:{port}/invitation/{one.token.reveal()}"


def _newcomers_page(
    request: AnyRequest,
    asked: dict[str, str],
    errors: dict[str, str],
    *,
    status: int = 200,
    picked: Sequence[str] = (),
) -> Answer:
    context = need_sign_in(request)
    order = one_of(asked["sort"], invitations.NewcomerSort)
    wanted = ask(
        invitations.Newcomers,
        search=asked["q"][:128],
        sort=order,
        after=asked["after"],
        limit=PAGE,
    )
    found = invitations.list_newcomers(context, wanted)
    shown_at = change_query("/invitations", q=asked["q"], sort=asked["sort"])
    return page(
        request,
        "console/invitations.html",
        status=status,
        rows=found.items,
        q=asked["q"],
        after=asked["after"],
        sort=order,
        place=shown_at,
        total=found.total,
        picked=picked,
        errors=errors,
        notice=request.query_params.get("notice", ""),
        mail_ready=_mail_is_ready(context),
        next=change_query(shown_at, after=found.after) if found.after else "",
        may_invite=context.actor.rights.allows(Permission.ACCOUNTS_MANAGE),
    )


def _mail_is_ready(context: Context) -> bool:
    return relay.is_ready(context, NoRequest()).ready


def invitation_pages() -> list[HTTPRouteHandler]:
    """Return the handlers of this module."""
    return [show_newcomers, invite, invite_by_mail, withdraw]
