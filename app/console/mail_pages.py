"""Mail: the relay, a test mail, and what waits or failed."""

from typing import Any, Final

import msgspec
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from app.core.errors import TenshuError
from app.mail.operations import messages, relay
from app.mail.relay import Relay
from app.mail.states import MailState
from app.operations.operation import NoRequest
from app.operations.permissions import Permission
from app.web.asking import AnyRequest
from app.web.error_words import explain_code
from app.web.names import MAIL_KINDS
from app.web.pages import Answer, ask, field_errors, go, need_sign_in, page, perform, result_of
from app.web.routing import get, post
from app.web.shared_pages import Form

FIELDS: Final = tuple(Relay.__struct_fields__)
EMPTY: Final = dict.fromkeys(FIELDS, "") | {"port": "587", "encryption": "starttls"}
PLACE: Final = "/settings/mail"
ASKED: Final = ("q", "state", "sort", "after")
NEWEST, OLDEST = "-created_at", "created_at"


@get("/settings/mail")
def show_mail(request: AnyRequest) -> Answer:
    """Show the relay and the mails."""
    return _mail_page(request, {}, {})


@post("/settings/mail")
def change_relay(request: AnyRequest, data: Form) -> Answer:
    """Send mail by another relay, after a fresh second factor."""
    context = need_sign_in(request)
    typed = {name: str(data.get(name, "")).strip() for name in FIELDS}
    wanted: dict[str, Any] = {"relay": typed, "rev": str(data.get("rev", ""))}
    if password := str(data.get("password", "")):
        wanted["password"] = password
    try:
        return perform(request, relay.update_relay, ask(relay.RelayChange, **wanted))
    except TenshuError as error:
        found = field_errors(context.language, error)
        errors = {name.rpartition(".")[2]: text for name, text in found.items()}
        return _mail_page(request, typed, errors, status=error.status)


@result_of(relay.update_relay)
def changed(_request: AnyRequest, _result: relay.RelaySetting) -> Answer:
    """Go back to the page."""
    return go(f"{PLACE}?notice=changed")


@post("/settings/mail/test")
def send_test(request: AnyRequest, data: Form) -> Answer:
    """Send a test mail and say at once what came of it."""
    context = need_sign_in(request)
    to = str(data.get("to", "")).strip()
    try:
        return perform(request, relay.try_relay, ask(relay.TrialMail, to=to))
    except TenshuError as error:
        found = field_errors(context.language, error)
        return _mail_page(request, {"to": to}, {"to": " ".join(found.values())}, error.status)


@result_of(relay.try_relay)
def tested(_request: AnyRequest, _result: relay.TrialSent) -> Answer:
    """Go back to the page."""
    return go(f"{PLACE}?notice=tested")


@post("/settings/mail/messages/{mail:str}/retry")
def retry(request: AnyRequest, mail: FromPath[str]) -> Answer:
    """Send a mail again."""
    need_sign_in(request)
    return perform(request, messages.retry, ask(messages.OneMail, mail=mail))


@result_of(messages.retry)
def retried(_request: AnyRequest, _result: messages.MailRow) -> Answer:
    """Go back to the page."""
    return go(f"{PLACE}#mails")


def _mail_page(
    request: AnyRequest, typed: dict[str, str], errors: dict[str, str], status: int = 200
) -> Answer:
    context = need_sign_in(request)
    found = relay.get_relay(context, NoRequest())
    may_manage = context.actor.rights.allows(Permission.SETTINGS_MANAGE)
    asked = {name: request.query_params.get(name, "") for name in ASKED}
    asked["sort"] = asked["sort"] if asked["sort"] == OLDEST else NEWEST
    kept = msgspec.to_builtins(found.relay) if found.relay else EMPTY
    return page(
        request,
        "console/mail.html",
        status=status,
        found=found,
        values={"to": "", **kept, **typed},
        errors=errors,
        notice=request.query_params.get("notice", ""),
        may_manage=may_manage,
        asked=asked,
        mails=_mails(request, asked) if may_manage else None,
        reason=lambda row: explain_code(context.language, row.error, row.error_parameters),
        states=list(MailState),
        kinds=MAIL_KINDS,
    )


def _mails(request: AnyRequest, asked: dict[str, str]) -> Any:  # noqa: ANN401 - a page of rows
    return messages.list_mails(need_sign_in(request), _wanted(asked))


@post("/settings/mail/messages/export")
def export(request: AnyRequest, data: Form) -> Answer:
    """Hand out what the list shows."""
    need_sign_in(request)
    asked = {name: str(data.get(name, "")) for name in ASKED} | {"after": ""}
    return perform(request, messages.export_mails, _wanted(asked))


def _wanted(asked: dict[str, str]) -> messages.ListMails:
    known = {one.value: one for one in MailState}
    return ask(
        messages.ListMails,
        search=asked["q"][:254],
        state=known.get(asked["state"]),
        sort=asked["sort"] if asked["sort"] == OLDEST else NEWEST,
        after=asked["after"][:40],
    )


def mail_pages() -> list[HTTPRouteHandler]:
    """Return the handlers of this module."""
    return [show_mail, change_relay, send_test, retry, export]
