"""Network and access: who reaches what."""

from typing import Final

from litestar.handlers import HTTPRouteHandler

from app.console.network_document_pages import document_pages, plan_page
from app.console.network_form_pages import form_pages
from app.console.network_trust_pages import trust_pages
from app.console.network_versions_pages import versions_pages
from app.console.network_waiting_pages import PLACE, waiting, waiting_pages
from app.console.network_words import entry_of, gathered, no_machine, said, said_of
from app.core.messages import mark, translate
from app.machine.access_form import (
    NAME,
    NETWORKS,
    NOTE,
    AccessForm,
    change_text,
    field_of,
    form_of,
    mistakes,
    read_form,
)
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
from appliance.contract.configuration.problem import Problem
from appliance.contract.configuration.problems import ConsoleClosed, UnknownName, WrongForm
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
PARTS: Final = {NAME: mark("Name"), NETWORKS: mark("Networks"), NOTE: mark("Note")}
UNDECIDED: Final = (UnknownName.code, ConsoleClosed.code)
"""What may be right once a list is whole of which something is missing."""


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
    request: AnyRequest,
    context: Context,
    found: Configuration,
    form: AccessForm,
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> Answer:
    names = [(row.before or row.name, row.name or row.before) for row in form.lists]
    ended = outside_their_time(read_document(found.document).trust)
    return page(
        request,
        "console/network.html",
        status=status,
        errors=errors or {},
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
    form = read_form(data)
    own = list(mistakes(form))

    left_out = UNDECIDED if own else ()

    def at_fields(problems: tuple[Problem, ...]) -> Answer:
        told = [(field, said_of(context, one, _label(context, field, form))) for field, one in own]
        told += [_told(context, one, form) for one in problems if one.code not in left_out]
        return _access_page(request, context, found, form, gathered(told), 422)

    text = change_text(found.document, document, form)
    return plan_page(request, context, text, at_fields, faulty=bool(own))


def _told(context: Context, problem: Problem, form: AccessForm) -> tuple[str, str]:
    """Return the field at which a problem is told, and the problem in words."""
    place = problem.parameters.get("place", "")
    field = field_of(place, form)
    if field in AREAS and problem.code == WrongForm.code:  # it is ticked by the name of a list
        names = [row.name for row in (*form.lists, form.new)]
        wrong = problem.parameters.get("value", "")
        field = f"list-{names.index(wrong)}-{NAME}" if wrong in names else field
    label = _label(context, field, form)
    number = place.rpartition("[")[2].removesuffix("]")
    if label and number.isdigit() and not field.endswith(NAME):
        label = entry_of(context, label, int(number))
    return field, said(context, problem, label)


def _label(context: Context, field: str, form: AccessForm) -> str:
    """Return what a field is called; empty for none."""
    if field in AREAS:
        return translate(context.language, AREAS[Area(field)])
    if not field:
        return ""
    number, part = field.removeprefix("list-").split("-")
    name = (*form.lists, form.new)[int(number)].name
    label = translate(context.language, PARTS[part])
    if not name or part == NAME:
        return label
    return translate(context.language, mark("{part} of “{name}”"), part=label, name=name)


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
