"""Authorities that every outgoing connection trusts, beside those that the machine knows."""

from typing import Annotated, Any, Final

import msgspec
from litestar.datastructures import UploadFile
from litestar.enums import RequestEncodingType
from litestar.handlers import HTTPRouteHandler
from litestar.params import Body

from app.console.certificate_pages import may_send
from app.console.network_document_pages import plan_page
from app.console.network_words import gathered, no_machine, said
from app.core import clock
from app.core.errors import NotFound
from app.core.messages import mark, translate
from app.machine.errors import MachineError
from app.machine.operations import reading
from app.machine.roots import name_for, pem_of, view_of
from app.operations.context import Context
from app.operations.operation import NoRequest
from app.operations.permissions import Permission
from app.web.asking import AnyRequest
from app.web.pages import Answer, need_sign_in, page
from app.web.routing import get, post
from app.web.shared_pages import Form
from appliance.contract.configuration.problem import Problem
from appliance.contract.configuration.reading import read_document
from appliance.contract.configuration.writing import change

PLACE: Final = "/network/trust"
ROOTS: Final = "trust.roots"
LABELS: Final = {
    "name": mark("Name"),
    "note": mark("Note"),
    "pem": mark("Certificate of the authority"),
}
NEW: Final = {"name": "", "note": "", "pem": ""}


class NewRoot(msgspec.Struct):
    """The form; the certificate may be pasted instead of sent as a file."""

    file: UploadFile | None = None
    pem: str = ""
    name: str = ""
    note: str = ""


Files = Annotated[NewRoot, Body(media_type=RequestEncodingType.MULTI_PART)]


@get(PLACE)
def show_roots(request: AnyRequest) -> Answer:
    """Show the authorities, and the form for another one."""
    context = need_sign_in(request)
    try:
        text = reading.read_configuration(context, NoRequest()).document
    except MachineError as error:
        return no_machine(request, context, error)
    return _roots_page(request, context, text, NEW, {})


@post(PLACE, guard=may_send)
def add_root(request: AnyRequest, data: Files) -> Answer:
    """Show what one more authority would change, or what is wrong with it."""
    context = need_sign_in(request)
    context.require(Permission.MACHINE_MANAGE)
    text = reading.read_configuration(context, NoRequest()).document
    roots = read_document(text).trust.roots
    content = data.file.file.read() if data.file and data.file.filename else data.pem.encode()
    pem = pem_of(content)
    root = {"name": data.name.strip() or name_for(pem, {one.name for one in roots}), "pem": pem}
    if data.note.strip():
        root["note"] = data.note.strip()
    here = f"{ROOTS}[{len(roots)}]"

    def at_fields(problems: tuple[Problem, ...]) -> Answer:
        told = []
        for one in problems:
            place, _, field = one.parameters.get("place", "").rpartition(".")
            known = place == here and field in LABELS
            label = translate(context.language, LABELS[field]) if known else ""
            told.append((field if known else "", said(context, one, label)))
        typed = {"name": data.name, "note": data.note, "pem": pem}
        return _roots_page(request, context, text, typed, gathered(told), 422)

    every = [*msgspec.to_builtins(roots), root]
    return plan_page(request, context, change(text, ROOTS, every), at_fields)


@post(f"{PLACE}/remove")
def remove_root(request: AnyRequest, data: Form) -> Answer:
    """Show what would change without one of the authorities."""
    context = need_sign_in(request)
    context.require(Permission.MACHINE_MANAGE)
    text = reading.read_configuration(context, NoRequest()).document
    roots, name = read_document(text).trust.roots, str(data.get("name", ""))
    left = [msgspec.to_builtins(one) for one in roots if one.name != name]
    if len(left) == len(roots):
        raise NotFound(kind=mark("authority"), name=name)
    return plan_page(request, context, change(text, ROOTS, left or None))


def _roots_page(
    request: AnyRequest,
    context: Context,
    text: str,
    values: dict[str, Any],
    errors: dict[str, str],
    status: int = 200,
) -> Answer:
    return page(
        request,
        "console/network_trust.html",
        status=status,
        roots=[view_of(one) for one in read_document(text).trust.roots],
        now=clock.now(),
        values=values,
        errors=errors,
        may_manage=context.actor.rights.allows(Permission.MACHINE_MANAGE),
    )


def trust_pages() -> list[HTTPRouteHandler]:
    """Return the handlers of this module."""
    return [show_roots, add_root, remove_root]
