"""Certificates: what the planes show, what may be shown instead, and how it comes in (V11)."""

from typing import Annotated, Any, Final

import msgspec
from litestar import Response
from litestar.datastructures import UploadFile
from litestar.enums import RequestEncodingType
from litestar.handlers import HTTPRouteHandler
from litestar.params import Body, FromPath

from app.console.certificate_authority_pages import authority_pages
from app.console.certificate_request_pages import request_pages
from app.console.certificate_words import PLACE, errors_of
from app.console.network_document_pages import plan_page
from app.console.network_words import no_machine
from app.core.errors import NotFound, TenshuError
from app.core.messages import mark
from app.machine.errors import MachineError
from app.machine.operations import certificates, reading
from app.operations.context import Context
from app.operations.operation import NoRequest
from app.operations.permissions import Permission
from app.web.asking import AnyRequest
from app.web.names import ACTORS
from app.web.pages import Answer, ask, go, need_sign_in, page, perform, result_of
from app.web.routing import get, post
from app.web.shared_pages import Form
from appliance.contract.certificates.folder import PLANES
from appliance.contract.certificates.material import text_of
from appliance.contract.certificates.state import Certificates, CertificateView, Withheld
from appliance.contract.configuration.services import OWN
from appliance.contract.configuration.writing import change

WITHHELD: Final = {
    Withheld.nothing: mark("Browsers are told to use nothing but HTTPS for these names."),
    Withheld.off: mark("Not sent: the document does not ask for it."),
    Withheld.own: mark(
        "Not sent: a plane shows the appliance's own certificate. Who has not told the browser to "
        "trust it would be locked out, with no way to go on."
    ),
    Withheld.untrusted: mark(
        "Not sent: a plane shows a certificate of an authority that browsers do not know by "
        "themselves. A browser that does not trust it would be locked out."
    ),
}


class Upload(msgspec.Struct):
    """The form with the files; each may be pasted instead."""

    chain: UploadFile | None = None
    key: UploadFile | None = None
    chain_text: str = ""
    key_text: str = ""
    password: str = ""


Files = Annotated[Upload, Body(media_type=RequestEncodingType.MULTI_PART)]


@get(PLACE)
def show_certificates(request: AnyRequest) -> Answer:
    """List the certificates, and what each plane shows."""
    context = need_sign_in(request)
    try:
        found = certificates.list_certificates(context, NoRequest())
    except MachineError as error:
        return no_machine(request, context, error)
    return page(
        request,
        "console/certificates.html",
        found=found,
        hsts=WITHHELD[found.hsts],
        may_bind=all(
            one.trusted for one in found.items for plane in found.planes if plane.shown == one.name
        ),
        notice=request.query_params.get("notice", ""),
        may_manage=context.actor.rights.allows(Permission.MACHINE_MANAGE),
    )


@get(f"{PLACE}/new")
def show_new(request: AnyRequest) -> Answer:
    """Ask for a certificate with its key."""
    return _upload_page(request, {}, {})


def may_send(request: AnyRequest) -> None:
    """Let nobody send files who may not bring them in. Raise SignInNeeded or NotAllowed."""
    need_sign_in(request).require(Permission.MACHINE_MANAGE)


@post(f"{PLACE}/new", guard=may_send)
def install(request: AnyRequest, data: Files) -> Answer:
    """Take a certificate in; what is wrong with it is said where it stands."""
    context = need_sign_in(request)
    try:
        return perform(request, certificates.install_certificate, _new(data))
    except TenshuError as error:
        errors = errors_of(context, error)
        return _upload_page(request, {"chain_text": data.chain_text}, errors, error.status)


@post(f"{PLACE}/{{name:str}}/answer", guard=may_send)
def answer(request: AnyRequest, name: FromPath[str], data: Files) -> Answer:
    """Take in what came back for a signing request."""
    context = need_sign_in(request)
    one = _find(context, name)[1]
    try:
        return perform(request, certificates.install_certificate, _new(data, request=one.name))
    except TenshuError as error:
        values = {"chain_text": data.chain_text}
        return _one_page(request, name, errors_of(context, error), values, error.status)


@result_of(certificates.install_certificate)
def installed(_request: AnyRequest, result: CertificateView) -> Answer:
    """Show it, so that it can be chosen."""
    return go(f"{PLACE}/{result.name}?notice=installed")


@get(f"{PLACE}/{{name:str}}")
def show_one(request: AnyRequest, name: FromPath[str]) -> Answer:
    """Show one certificate, and where it can be shown."""
    return _one_page(request, name, {}, {})


@get(f"{PLACE}/{{name:str}}/request.csr")
def download_request(request: AnyRequest, name: FromPath[str]) -> Answer:
    """Hand a signing request out as a file."""
    _, one = _find(need_sign_in(request), name)
    if not one.request:
        raise NotFound(kind=mark("signing request"), name=one.name)
    headers = {"content-disposition": f'attachment; filename="{one.name}.csr"'}
    return Response(one.request, media_type="application/pkcs10", headers=headers)


@post(f"{PLACE}/{{name:str}}/show")
def choose(request: AnyRequest, name: FromPath[str], data: Form) -> Answer:
    """Let planes show it: by way of the document, which is confirmed or taken back."""
    context = need_sign_in(request)
    context.require(Permission.MACHINE_MANAGE)
    found, one = _find(context, name)
    ticked = data.get("planes", ())
    planes = {ticked} if isinstance(ticked, str) else set(ticked)
    chosen = {view.plane: view.wanted for view in found.planes}
    for plane in PLANES:
        if plane in planes:
            chosen[plane] = one.name
        elif chosen[plane] == one.name:
            chosen[plane] = OWN
    if not found.by_document:
        wanted = ask(certificates.ChosenCertificates, **chosen)
        return perform(request, certificates.show_certificates, wanted)
    text = reading.read_configuration(context, NoRequest()).document
    for view in found.planes:
        if chosen[view.plane] != view.wanted:
            text = change(text, f"certificates.{view.plane}", chosen[view.plane])
    return plan_page(request, context, text)


@post(f"{PLACE}/hsts")
def choose_hsts(request: AnyRequest, data: Form) -> Answer:
    """Say whether browsers are told to use nothing but HTTPS."""
    context = need_sign_in(request)
    context.require(Permission.MACHINE_MANAGE)
    text = reading.read_configuration(context, NoRequest()).document
    return plan_page(
        request, context, change(text, "certificates.hsts", "on" if data.get("hsts") else "off")
    )


@result_of(certificates.show_certificates)
def chosen(_request: AnyRequest, _result: Certificates) -> Answer:
    """Go back to the list."""
    return go(f"{PLACE}?notice=chosen")


@post(f"{PLACE}/{{name:str}}/remove")
def remove(request: AnyRequest, name: FromPath[str]) -> Answer:
    """Destroy it, after a fresh second factor."""
    context = need_sign_in(request)
    context.require(Permission.MACHINE_MANAGE)
    _, one = _find(context, name)
    wanted = ask(certificates.WhichCertificate, name=one.name)
    return perform(request, certificates.remove_certificate, wanted)


@result_of(certificates.remove_certificate)
def removed(_request: AnyRequest, _result: CertificateView) -> Answer:
    """Go back to the list."""
    return go(f"{PLACE}?notice=removed")


def _new(data: Upload, **more: str) -> certificates.NewCertificate:
    """Return what was sent: a file goes before what was pasted."""
    return ask(
        certificates.NewCertificate,
        chain=_text(data.chain, data.chain_text),
        key=_text(data.key, data.key_text),
        password=data.password,
        **more,
    )


def _text(file: UploadFile | None, pasted: str) -> str:
    content = file.file.read() if file and file.filename else b""
    return text_of(content).reveal() if content else pasted.strip()


def _find(context: Context, name: str) -> tuple[Certificates, CertificateView]:
    found = certificates.list_certificates(context, NoRequest())
    for one in found.items:
        if one.name == name:
            return found, one
    raise NotFound(kind=mark("certificate"), name=name[:40])


def _upload_page(
    request: AnyRequest, values: dict[str, str], errors: dict[str, str], status: int = 200
) -> Answer:
    context = need_sign_in(request)
    context.require(Permission.MACHINE_MANAGE)
    found = certificates.list_certificates(context, NoRequest())
    return page(
        request,
        "console/certificate_new.html",
        status=status,
        values=values,
        errors=errors,
        own_names=found.own_names,
    )


def _one_page(
    request: AnyRequest,
    name: str,
    errors: dict[str, str],
    values: dict[str, Any],
    status: int = 200,
) -> Answer:
    context = need_sign_in(request)
    found, one = _find(context, name)
    return page(
        request,
        "console/certificate.html",
        status=status,
        found=found,
        one=one,
        errors=errors,
        values=values,
        actors=ACTORS,
        shown_on=[plane.plane for plane in found.planes if plane.wanted == one.name],
        notice=request.query_params.get("notice", ""),
        may_manage=context.actor.rights.allows(Permission.MACHINE_MANAGE),
    )


def certificate_pages() -> list[HTTPRouteHandler]:
    """Return the handlers of all pages about certificates."""
    return [
        show_certificates,
        show_new,
        install,
        *request_pages(),
        *authority_pages(),
        show_one,
        answer,
        download_request,
        choose,
        choose_hsts,
        remove,
    ]
