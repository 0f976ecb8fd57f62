"""The authority from which certificates are fetched and renewed by themselves (ACME, RFC 8555)."""

from typing import Any, Final

from litestar.handlers import HTTPRouteHandler

from app.console.certificate_words import PLACE
from app.console.network_document_pages import plan_page
from app.console.network_words import no_machine
from app.core.messages import explain
from app.machine.errors import MachineError
from app.machine.operations import certificates, reading
from app.operations.operation import NoRequest
from app.operations.permissions import Permission
from app.web.asking import AnyRequest
from app.web.pages import Answer, go, need_sign_in, page, perform, result_of
from app.web.routing import get, post
from app.web.shared_pages import Form
from appliance.contract.certificates.state import CertificateView
from appliance.contract.configuration.reading import read_document
from appliance.contract.configuration.services import ACME
from appliance.contract.configuration.writing import change

AUTHORITY: Final = ("directory", "contact", "names", "root")


@get(f"{PLACE}/authority")
def show_authority(request: AnyRequest) -> Answer:
    """Show the authority from which a certificate is fetched by itself."""
    return _authority_page(request)


@post(f"{PLACE}/authority")
def plan_authority(request: AnyRequest, data: Form) -> Answer:
    """Show what the form would change: in the document, before it does."""
    context = need_sign_in(request)
    context.require(Permission.MACHINE_MANAGE)
    text = reading.read_configuration(context, NoRequest()).document
    document = read_document(text)
    typed: dict[str, Any] = {name: str(data.get(name, "")).strip() for name in AUTHORITY}
    typed["names"] = typed["names"].split()
    typed["root"] = typed["root"].replace("\r\n", "\n")
    before = document.certificates.acme
    for name, value in typed.items():
        if value != (list(before.names) if name == "names" else getattr(before, name)):
            text = change(text, f"certificates.acme.{name}", value)
    if typed["directory"] and not document.firewall.http_redirect:
        text = change(text, "firewall.http_redirect", value=True)
    return plan_page(request, context, text)


@post(f"{PLACE}/authority/fetch")
def fetch(request: AnyRequest) -> Answer:
    """Fetch a certificate now, and say at once what came of it."""
    context = need_sign_in(request)
    context.require(Permission.MACHINE_MANAGE)
    try:
        return perform(request, certificates.renew_certificate, NoRequest())
    except MachineError as error:
        problem = explain(context.language, error)
        return _authority_page(request, problem=problem, status=error.status)


@result_of(certificates.renew_certificate)
def fetched(_request: AnyRequest, _result: CertificateView) -> Answer:
    """Show it, so that it can be chosen."""
    return go(f"{PLACE}/{ACME}?notice=fetched")


def _authority_page(
    request: AnyRequest, *, problem: tuple[str, str] | None = None, status: int = 200
) -> Answer:
    context = need_sign_in(request)
    try:
        text = reading.read_configuration(context, NoRequest()).document
    except MachineError as error:
        return no_machine(request, context, error)
    return page(
        request,
        "console/certificate_authority.html",
        status=status,
        acme=read_document(text).certificates.acme,
        found=certificates.list_certificates(context, NoRequest()),
        problem=problem,
        may_manage=context.actor.rights.allows(Permission.MACHINE_MANAGE),
    )


def authority_pages() -> list[HTTPRouteHandler]:
    """Return the handlers of this module."""
    return [show_authority, plan_authority, fetch]
