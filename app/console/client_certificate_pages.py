"""Client certificates: the list, a new one and its file, one of them (F3)."""

from typing import Any, Final

from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery

from app.console.person_choice import Choice, Choices, account_of, choices_of
from app.core.errors import NotFound, TenshuError
from app.identity import client_certificate_rows as rows
from app.identity.client_authority import LONGEST_DAYS
from app.identity.operations import accounts, client_certificate_list
from app.identity.operations import client_certificate_export as exporting
from app.identity.operations import client_certificates as certificates
from app.operations.permissions import Permission
from app.web.asking import AnyRequest, appliance_of
from app.web.design.address import change_query, one_of
from app.web.error_places import errors_at_fields
from app.web.names import REVOCATIONS
from app.web.pages import (
    Answer,
    ask,
    go,
    here,
    need_sign_in,
    page,
    perform,
    read_form,
    result_of,
)
from app.web.routing import get, post
from app.web.shared_pages import Form

PLACE: Final = "/client-certificates"
STATES: Final = ("valid", "ends_soon", "expired", "revoked")
NEW: Final = {"device": "", "days": "365"}


@get("/client-certificates")
def show_certificates(
    request: AnyRequest,
    q: FromQuery[str] = "",
    status: FromQuery[str] = "",
    sort: FromQuery[str] = "",
    after: FromQuery[str] = "",
) -> Answer:
    """Show the certificates of everybody, what ends first on top."""
    context = need_sign_in(request)
    order = one_of(sort, rows.Sort)
    chosen = status if status in STATES else ""
    found = client_certificate_list.list_certificates(
        context,
        ask(rows.ListCertificates, search=q[:128], state=chosen, sort=order, after=after),
    )
    return page(
        request,
        "console/client_certificates.html",
        rows=found.items,
        q=q,
        state=chosen,
        sort=order,
        total=found.total,
        next=change_query(here(request), after=found.after) if found.after else "",
        edge=appliance_of(request).settings.edge,
        may_manage=context.actor.rights.allows(Permission.ACCOUNTS_MANAGE),
        may_export=context.actor.rights.allows(Permission.ACCOUNTS_EXPORT),
    )


@post("/client-certificates/export")
def export(request: AnyRequest, data: Form) -> Answer:
    """Hand out what the list shows, all of its pages."""
    context = need_sign_in(request)
    context.require(Permission.ACCOUNTS_EXPORT)
    status = str(data.get("status", ""))
    wanted = ask(
        rows.ExportCertificates,
        search=str(data.get("q", ""))[:128],
        state=status if status in STATES else "",
        sort=one_of(str(data.get("sort", "")), rows.Sort),
    )
    return perform(request, exporting.export_certificates, wanted)


@get("/client-certificates/new")
def show_new(request: AnyRequest, account: FromQuery[str] = "") -> Answer:
    """Show the form for a new certificate."""
    context = need_sign_in(request)
    context.require(Permission.ACCOUNTS_MANAGE)
    return _new_page(request, NEW, choices_of(context, Choice(account[:64])))


@post("/client-certificates/new")
def issue(request: AnyRequest, data: Form) -> Answer:
    """Issue a certificate, after a fresh second factor."""
    context = need_sign_in(request)
    context.require(Permission.ACCOUNTS_MANAGE)
    person = Choice.read(data, "person")
    try:
        account = account_of(context, person, "person")
        new = read_form(certificates.NewCertificate, data, account=account)
        return perform(request, certificates.issue_certificate, new)
    except TenshuError as error:
        errors = errors_at_fields(context.language, error)
        if isinstance(error, NotFound) or "account" in errors:
            errors = {"person": " ".join(errors.values())}
        return _new_page(request, NEW | data, choices_of(context, person), errors, error.status)


@result_of(certificates.issue_certificate)
@result_of(certificates.renew_certificate)
def issued(request: AnyRequest, result: certificates.IssuedCertificate) -> Answer:
    """Show the password, once, and offer the file."""
    return page(
        request,
        "console/client_certificate_made.html",
        one=result.certificate,
        password=result.password.reveal(),
        until=result.until,
    )


@post("/client-certificates/{certificate:str}/download")
def download(request: AnyRequest, certificate: FromPath[str]) -> Answer:
    """Hand out the file of a new certificate, once."""
    need_sign_in(request)
    which = ask(certificates.CertificateRef, certificate=certificate)
    return perform(request, certificates.download_certificate, which)


@get("/client-certificates/{certificate:str}")
def show_certificate(
    request: AnyRequest, certificate: FromPath[str], notice: FromQuery[str] = ""
) -> Answer:
    """Show one certificate."""
    return _one_page(request, certificate, {}, notice=notice)


@post("/client-certificates/{certificate:str}/renew")
def renew(request: AnyRequest, certificate: FromPath[str], data: Form) -> Answer:
    """Issue a certificate in the place of another, after a fresh second factor."""
    context = need_sign_in(request)
    context.require(Permission.ACCOUNTS_MANAGE)
    try:
        wanted = read_form(certificates.Renewal, data, certificate=certificate)
        return perform(request, certificates.renew_certificate, wanted)
    except TenshuError as error:
        errors = errors_at_fields(context.language, error)
        return _one_page(request, certificate, errors, error.status, typed=data)


@post("/client-certificates/{certificate:str}/revoke")
def revoke(request: AnyRequest, certificate: FromPath[str], data: Form) -> Answer:
    """Revoke a certificate, after a fresh second factor."""
    context = need_sign_in(request)
    context.require(Permission.ACCOUNTS_MANAGE)
    try:
        wanted = read_form(certificates.Revocation, data, certificate=certificate)
        return perform(request, certificates.revoke_certificate, wanted)
    except TenshuError as error:
        errors = errors_at_fields(context.language, error)
        return _one_page(request, certificate, errors, error.status, typed=data)


@result_of(certificates.revoke_certificate)
def revoked(_request: AnyRequest, result: rows.CertificateRow) -> Answer:
    """Go back to the certificate."""
    return go(f"{PLACE}/{result.id}?notice=revoked")


def _new_page(
    request: AnyRequest,
    values: dict[str, Any],
    person: Choices,
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> Answer:
    return page(
        request,
        "console/client_certificate_new.html",
        status=status,
        values=values,
        person=person,
        errors=errors or {},
        longest=LONGEST_DAYS,
        edge=appliance_of(request).settings.edge,
    )


def _one_page(
    request: AnyRequest,
    certificate: str,
    errors: dict[str, str],
    status: int = 200,
    notice: str = "",
    typed: dict[str, Any] | None = None,
) -> Answer:
    context = need_sign_in(request)
    which = ask(certificates.CertificateRef, certificate=certificate)
    one = certificates.get_certificate(context, which)
    holder = accounts.get_account(context, ask(accounts.AccountRef, account=one.account))
    return page(
        request,
        "console/client_certificate.html",
        status=status,
        one=one,
        active=holder.account.state == "active",
        errors=errors,
        notice=notice,
        values=NEW | (typed or {}),
        reasons=REVOCATIONS,
        longest=LONGEST_DAYS,
        may_manage=context.actor.rights.allows(Permission.ACCOUNTS_MANAGE),
    )


def client_certificate_pages() -> list[HTTPRouteHandler]:
    """Return the handlers of this module."""
    return [
        show_certificates,
        export,
        show_new,
        issue,
        download,
        show_certificate,
        renew,
        revoke,
    ]
