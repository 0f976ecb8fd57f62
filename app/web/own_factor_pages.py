"""One's own second factors: authenticator apps, passkeys, recovery codes."""

from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from app.core.errors import TenshuError
from app.core.messages import mark, translate
from app.identity.operations import own_factors, own_passkeys
from app.operations.context import Context
from app.web.asking import AnyRequest
from app.web.error_places import errors_at_fields
from app.web.own_account_page import own_page
from app.web.pages import Answer, ask, go, need_sign_in, page, read_form
from app.web.proving import proof_in
from app.web.routing import post
from app.web.shared_pages import Form
from app.web.sign_in_pages import show_recovery_codes


@post("/account/factors")
def begin_factor(request: AnyRequest, data: Form) -> Answer:
    """Begin to add an authenticator app."""
    context = need_sign_in(request)
    try:
        wanted = read_form(
            own_factors.NewFactor,
            {"name": "", "password": "", **data, "code": proof_in(data)},
        )
        begun = own_factors.begin_factor(context, wanted)
    except TenshuError as error:
        errors = errors_at_fields(
            context.language, error, form="factor", fields={"current": "password"}
        )
        return own_page(request, errors, status=error.status)
    return page(request, "web/factor.html", offer=begun, errors={})


@post("/account/factors/{factor:str}/confirm")
def confirm_factor(request: AnyRequest, factor: FromPath[str], data: Form) -> Answer:
    """Let the new authenticator count, after its first valid code."""
    context = need_sign_in(request)
    first = ask(own_factors.FactorCode, id=factor, code=str(data.get("code", "")))
    try:
        made = own_factors.confirm_factor(context, first)
    except TenshuError as error:
        return _once_more(request, context, factor, error)
    return _done(request, made)


def _once_more(request: AnyRequest, context: Context, factor: str, error: TenshuError) -> Answer:
    """Return the QR code again under what was wrong: a mistyped digit loses nothing."""
    try:
        begun = own_factors.resume_factor(context, ask(own_factors.FactorRef, id=factor))
    except TenshuError:
        errors = errors_at_fields(context.language, error, fields={"code": ""})
        return own_page(request, errors, status=error.status)
    errors = errors_at_fields(context.language, error)
    return page(request, "web/factor.html", status=error.status, offer=begun, errors=errors)


@post("/account/factors/{factor:str}/name")
def rename_factor(request: AnyRequest, factor: FromPath[str], data: Form) -> Answer:
    """Give one of one's factors another name."""
    context = need_sign_in(request)
    try:
        wanted = ask(own_factors.FactorName, id=factor, name=str(data.get("name", "")).strip())
        own_factors.rename_factor(context, wanted)
    except TenshuError as error:
        errors = errors_at_fields(context.language, error, form=f"rename-{factor}")
        return own_page(request, errors, status=error.status)
    return go("/account?notice=factor")


@post("/account/factors/{factor:str}/remove")
def remove_factor(request: AnyRequest, factor: FromPath[str], data: Form) -> Answer:
    """Remove one of one's authenticator apps or passkeys."""
    context = need_sign_in(request)
    which = ask(own_factors.FactorCode, id=factor, code=proof_in(data))
    try:
        own_factors.remove_factor(context, which)
    except TenshuError as error:
        errors = errors_at_fields(context.language, error, form=f"remove-{factor}")
        return own_page(request, errors, status=error.status)
    return go("/account?notice=factor")


@post("/account/passkeys")
def begin_passkey(request: AnyRequest, data: Form) -> Answer:
    """Begin to add a passkey."""
    context = need_sign_in(request)
    try:
        wanted = ask(
            own_passkeys.NewPasskey, password=str(data.get("password", "")), code=proof_in(data)
        )
        begun = own_passkeys.begin_passkey(context, wanted)
    except TenshuError as error:
        errors = errors_at_fields(
            context.language, error, form="passkey", fields={"current": "password"}
        )
        return own_page(request, errors, status=error.status)
    name = translate(context.language, mark("My passkey"))
    return page(request, "web/passkey.html", options=begun.options, name=name, errors={})


@post("/account/passkeys/add")
def add_passkey(request: AnyRequest, data: Form) -> Answer:
    """Add the passkey that the browser has made."""
    context = need_sign_in(request)
    try:
        made = own_passkeys.add_passkey(
            context,
            ask(
                own_passkeys.MadePasskey,
                name=str(data.get("name", "")).strip(),
                answer=str(data.get("passkey", "")),
            ),
        )
    except TenshuError as error:
        errors = errors_at_fields(context.language, error, form="passkey")
        return own_page(request, errors, status=error.status)
    return _done(request, made)


@post("/account/recovery-codes")
def renew_recovery_codes(request: AnyRequest, data: Form) -> Answer:
    """Replace one's recovery codes."""
    context = need_sign_in(request)
    proof = ask(own_factors.FreshCode, code=proof_in(data))
    try:
        made = own_factors.renew_recovery_codes(context, proof)
    except TenshuError as error:
        errors = errors_at_fields(context.language, error, form="recovery")
        return own_page(request, errors, status=error.status)
    return show_recovery_codes(request, made.codes, "/account", [])


def _done(request: AnyRequest, made: own_factors.RecoveryCodes) -> Answer:
    if made.codes:
        return show_recovery_codes(request, made.codes, "/account", [])
    return go("/account?notice=factor")


def own_factor_pages() -> list[HTTPRouteHandler]:
    """Return the handlers of this module."""
    return [
        begin_factor,
        confirm_factor,
        rename_factor,
        remove_factor,
        begin_passkey,
        add_passkey,
        renew_recovery_codes,
    ]
