"""A signing request: a key made here that never leaves, and what an authority signs (V11)."""

from typing import Final

from litestar.handlers import HTTPRouteHandler

from app.console.certificate_words import PLACE, errors_of
from app.core.errors import TenshuError
from app.machine.operations import certificates
from app.operations.operation import NoRequest
from app.operations.permissions import Permission
from app.web.asking import AnyRequest
from app.web.pages import Answer, ask, go, need_sign_in, page, perform, result_of
from app.web.routing import get, post
from app.web.shared_pages import Form
from appliance.contract.certificates.state import CertificateView

REQUESTED: Final = ("host_names", "key_kind", "organisation", "country")


@get(f"{PLACE}/request")
def show_request(request: AnyRequest) -> Answer:
    """Ask for what a signing request needs."""
    context = need_sign_in(request)
    context.require(Permission.MACHINE_MANAGE)
    found = certificates.list_certificates(context, NoRequest())
    names = [name for name in found.own_names if not name[:1].isdigit() and ":" not in name]
    blank = dict.fromkeys(REQUESTED, "")
    return _request_page(
        request, {**blank, "host_names": "\n".join(names), "key_kind": "ec256"}, {}
    )


@post(f"{PLACE}/request")
def make_request(request: AnyRequest, data: Form) -> Answer:
    """Make a key and its signing request."""
    context = need_sign_in(request)
    context.require(Permission.MACHINE_MANAGE)
    typed = {name: str(data.get(name, "")).strip() for name in REQUESTED}
    try:
        wanted = ask(
            certificates.WantedNames, **{**typed, "host_names": typed["host_names"].split()}
        )
        return perform(request, certificates.request_certificate, wanted)
    except TenshuError as error:
        return _request_page(request, typed, errors_of(context, error), error.status)


@result_of(certificates.request_certificate)
def requested(_request: AnyRequest, result: CertificateView) -> Answer:
    """Show it, so that it can be taken to the authority."""
    return go(f"{PLACE}/{result.name}?notice=requested")


def _request_page(
    request: AnyRequest, values: dict[str, str], errors: dict[str, str], status: int = 200
) -> Answer:
    return page(
        request, "console/certificate_request.html", status=status, values=values, errors=errors
    )


def request_pages() -> list[HTTPRouteHandler]:
    """Return the handlers of this module."""
    return [show_request, make_request]
