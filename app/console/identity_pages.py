"""Is this the machine itself, or a copy? Asked where it does not know itself again."""

from typing import Final

from litestar.handlers import HTTPRouteHandler

from app.console.needed import Attention
from app.console.network_words import no_machine
from app.core.messages import explain, mark
from app.machine.errors import MachineError
from app.machine.operations import reading
from app.machine.operations.identity import WhichMachine, decide_identity
from app.operations.context import Context
from app.operations.operation import NoRequest
from app.operations.permissions import Permission
from app.web.asking import AnyRequest
from app.web.pages import Answer, ask, go, need_sign_in, page, perform, result_of
from app.web.routing import get, post
from app.web.shared_pages import Form
from appliance.contract.identity import Decided

PLACE: Final = "/identity"


@get(PLACE)
def show_identity(request: AnyRequest) -> Answer:
    """Show by what the machine was known, and what it has now."""
    context = need_sign_in(request)
    try:
        return _page(request, context)
    except MachineError as error:
        return no_machine(request, context, error)


def _page(
    request: AnyRequest, context: Context, problem: tuple[str, str] | None = None, status: int = 200
) -> Answer:
    return page(
        request,
        "console/identity.html",
        status=status,
        doubt=reading.read_configuration(context, NoRequest()).doubt,
        notice=request.query_params.get("notice", ""),
        problem=problem,
        may_manage=context.actor.rights.allows(Permission.MACHINE_MANAGE),
    )


@post(PLACE)
def decide(request: AnyRequest, data: Form) -> Answer:
    """Settle it."""
    context = need_sign_in(request)
    try:
        return perform(request, decide_identity, ask(WhichMachine, verdict=data.get("verdict")))
    except MachineError as error:
        return _page(request, context, explain(context.language, error), error.status)


@result_of(decide_identity)
def decided(_request: AnyRequest, result: Decided) -> Answer:
    """Say what comes of it."""
    return go(f"{PLACE}?notice={result.verdict.value}")


def identity_attention(context: Context) -> list[Attention]:
    """Tell that nothing leaves the machine until somebody has decided."""
    try:
        doubt = reading.read_configuration(context, NoRequest()).doubt
    except MachineError:
        return []
    if doubt is None:
        return []
    return [
        Attention(
            kind="danger",
            title=mark("This may be a copy of the machine"),
            text=mark(
                "Mails, the history and backups wait until you decide whether it is the machine "
                "itself."
            ),
            href=PLACE,
            action=mark("Decide"),
        )
    ]


def identity_pages() -> list[HTTPRouteHandler]:
    """Return the handlers."""
    return [show_identity, decide]
