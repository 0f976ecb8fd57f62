"""Network and access: who reaches what."""

from typing import Final

from litestar.handlers import HTTPRouteHandler

from app.console.network_document_pages import document_pages, plan_page
from app.console.network_form_pages import form_pages
from app.console.network_trust_pages import trust_pages
from app.console.network_versions_pages import versions_pages
from app.console.network_waiting_pages import PLACE, waiting, waiting_pages
from app.console.network_words import no_machine, said, said_of
from app.core.messages import mark
from app.machine.access_form import AccessForm, change_text, form_of, read_form
from app.machine.errors import MachineError
from app.machine.operations import reading
from app.operations.context import Context
from app.operations.operation import NoRequest
from app.operations.permissions import Permission
from app.web.asking import AnyRequest
from app.web.pages import Answer, need_sign_in, page
from app.web.routing import get, post
from app.web.shared_pages import Form
from appliance.contract.configuration.access import Area
from appliance.contract.configuration.checking_trust import outside_their_time
from appliance.contract.configuration.reading import read_document
from appliance.contract.configuration.sections import EVERYWHERE
from appliance.contract.configuration.state import Configuration

AREAS: Final = {
    Area.CONSOLE: mark("Console"),
    Area.WORKSPACE: mark("Workspace"),
    Area.PORTAL: mark("Customers' portal"),
    Area.KIOSK: mark("Visitors' kiosk"),
    Area.API: mark("REST API"),
    Area.SSH: mark("SSH, while a maintenance window is open"),
}


@get(PLACE)
def show_access(request: AnyRequest) -> Answer:
    """Show who reaches what, and what waits to be confirmed."""
    context = need_sign_in(request)
    try:
        found = reading.read_configuration(context, NoRequest())
    except MachineError as error:
        return no_machine(request, context, error)
    form = form_of(read_document(found.document))
    return _access_page(request, context, found, form)


def _access_page(
    request: AnyRequest, context: Context, found: Configuration, form: AccessForm
) -> Answer:
    names = [row.name for row in form.lists if row.name]
    ended = outside_their_time(read_document(found.document).trust)
    return page(
        request,
        "console/network.html",
        found=found,
        roots=[said_of(context, one) for one in ended],
        unavailable=[said(context, one.reason) for one in found.unavailable],
        form=form,
        areas=[(area.value, label) for area, label in AREAS.items()],
        names=names,
        everywhere=EVERYWHERE,
        own=context.source.peer,
        notice=request.query_params.get("notice", ""),
        waits=waiting(context, found.pending, by_itself=False),
        ended=None,
        may_manage=context.actor.rights.allows(Permission.MACHINE_MANAGE),
    )


@post(PLACE)
def plan_access(request: AnyRequest, data: Form) -> Answer:
    """Show what the form would change before it does."""
    context = need_sign_in(request)
    context.require(Permission.MACHINE_MANAGE)
    found = reading.read_configuration(context, NoRequest())
    document = read_document(found.document)
    text = change_text(found.document, document, read_form(data))
    return plan_page(request, context, text)


def network_pages() -> list[HTTPRouteHandler]:
    """Return the handlers of all pages about network and access."""
    return [
        show_access,
        plan_access,
        *form_pages(),
        *trust_pages(),
        *document_pages(),
        *waiting_pages(),
        *versions_pages(),
    ]
