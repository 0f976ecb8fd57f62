"""Network and access: who reaches what, the document behind it, and its versions."""

from typing import Any, Final

from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from app.core.errors import TenshuError
from app.core.messages import explain, mark, translate
from app.machine.access_form import AccessForm, change_text, form_of, read_form
from app.machine.errors import MachineError
from app.machine.operations import applying, reading
from app.operations.context import Context
from app.operations.operation import NoRequest
from app.operations.permissions import Permission
from app.web.asking import AnyRequest
from app.web.names import ACTORS
from app.web.pages import (
    Answer,
    ask,
    field_errors,
    go,
    need_sign_in,
    page,
    part,
    perform,
    result_of,
)
from app.web.routing import get, post
from app.web.shared_pages import Form
from appliance.contract.configuration.access import Area
from appliance.contract.configuration.reading import read_document
from appliance.contract.configuration.sections import EVERYWHERE
from appliance.contract.configuration.state import (
    Configuration,
    Outcome,
    Pending,
    Plan,
    Problem,
    Version,
)
from appliance.contract.errors import rebuild

PLACE: Final = "/network"
PAGE: Final = 50
AREAS: Final = {
    Area.CONSOLE: mark("Console"),
    Area.WORKSPACE: mark("Workspace"),
    Area.PORTAL: mark("Customers' portal"),
    Area.KIOSK: mark("Visitors' kiosk"),
    Area.API: mark("REST API"),
    Area.SSH: mark("SSH, while a maintenance window is open"),
}
SAID: Final = {"yes": mark("yes"), "no": mark("no")}


@get(PLACE)
def show_access(request: AnyRequest) -> Answer:
    """Show who reaches what, and what waits to be confirmed."""
    context = need_sign_in(request)
    try:
        found = reading.read_configuration(context, NoRequest())
    except MachineError as error:
        return _unavailable(request, context, error)
    form = form_of(read_document(found.document))
    return _access_page(request, context, found, form)


def _unavailable(request: AnyRequest, context: Context, error: MachineError) -> Answer:
    message, hint = explain(context.language, error)
    return page(request, "console/network_unavailable.html", message=message, hint=hint)


def _access_page(
    request: AnyRequest, context: Context, found: Configuration, form: AccessForm
) -> Answer:
    names = [row.name for row in form.lists if row.name]
    return page(
        request,
        "console/network.html",
        found=found,
        form=form,
        areas=[(area.value, label) for area, label in AREAS.items()],
        names=names,
        everywhere=EVERYWHERE,
        own=context.source.peer,
        notice=request.query_params.get("notice", ""),
        waits=_waiting(context, found.pending, by_itself=False),
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
    return _plan_page(request, context, text)


@get("/network/document")
def show_document(request: AnyRequest) -> Answer:
    """Show the document as its text."""
    context = need_sign_in(request)
    try:
        found = reading.read_configuration(context, NoRequest())
    except MachineError as error:
        return _unavailable(request, context, error)
    return _document_page(request, context, found.document, {})


def _document_page(
    request: AnyRequest, context: Context, text: str, errors: dict[str, str], status: int = 200
) -> Answer:
    may_manage = context.actor.rights.allows(Permission.MACHINE_MANAGE)
    return page(
        request,
        "console/network_document.html",
        status=status,
        text=text,
        errors=errors,
        may_manage=may_manage,
    )


@post("/network/document")
def plan_document(request: AnyRequest, data: Form) -> Answer:
    """Show what a document would change before it does."""
    context = need_sign_in(request)
    context.require(Permission.MACHINE_MANAGE)
    return _plan_page(request, context, str(data.get("document", "")).replace("\r\n", "\n"))


def _plan_page(request: AnyRequest, context: Context, text: str, **more: Any) -> Answer:  # noqa: ANN401
    """Show the plan of a text: problems where there are, else the way to apply it."""
    try:
        proposed = ask(reading.ProposedDocument, document=text)
    except TenshuError as error:
        errors = field_errors(context.language, error)
        return _document_page(request, context, text, errors, status=error.status)
    plan = reading.plan_configuration(context, proposed)
    if plan.problems:
        problems = {"document": "\n".join(_said(context, one) for one in plan.problems)}
        return _document_page(request, context, text, problems, status=422)
    return page(
        request,
        "console/network_plan.html",
        status=more.pop("status", 200),
        plan=plan,
        text=text,
        changes=_changes(context, plan),
        warnings=[_said(context, one) for one in plan.warnings],
        errors=more.pop("errors", {}),
        values={"why": "", "seconds": "60", **more},
    )


def _said(context: Context, problem: Problem) -> str:
    """Return a problem and its remedy in the reader's language."""
    error = MachineError(rebuild(problem.code, dict(problem.parameters)))
    message, hint = explain(context.language, error)
    return f"{message}{hint}" if context.language == "ja" else f"{message} {hint}"


def _changes(context: Context, plan: Plan) -> list[dict[str, Any]]:
    """Return the differences in words: what, of which entry, what goes, what comes."""

    def value(text: str) -> str:
        return translate(context.language, SAID[text]) if text in SAID else text

    return [
        {
            "label": translate(context.language, one.label),
            "subject": one.subject,
            "place": one.place,
            "before": [value(text) for text in (one.before, *one.removed) if text],
            "after": [value(text) for text in (one.after, *one.added) if text],
        }
        for one in plan.differences
    ]


@post("/network/apply")
def apply(request: AnyRequest, data: Form) -> Answer:
    """Put the document that was shown into effect, after a fresh second factor."""
    context = need_sign_in(request)
    context.require(Permission.MACHINE_MANAGE)
    text = str(data.get("document", "")).replace("\r\n", "\n")
    typed = {name: str(data.get(name, "")).strip() for name in ("why", "seconds")}
    try:
        wanted = ask(
            applying.NewDocument,
            document=text,
            based_on=str(data.get("based_on", "")),
            despite_warnings="true" if data.get("despite_warnings") else "false",
            **typed,
        )
        return perform(request, applying.apply_configuration, wanted)
    except TenshuError as error:
        errors = field_errors(context.language, error)
        return _plan_page(request, context, text, errors=errors, status=error.status, **typed)


@result_of(applying.apply_configuration)
def applied(request: AnyRequest, result: applying.Applied) -> Answer:
    """Show what waits, which confirms by itself.

    The answer itself is that page: where the change has cut the person off, it is the last thing
    that still comes through, and no redirect could be followed.
    """
    version = result.version
    if version.outcome is not Outcome.waiting:
        return go(f"{PLACE}?notice=applied")
    pending = Pending(
        version=version.number,
        account=version.account,
        seconds=result.seconds,
        left=result.seconds,
    )
    waits = _waiting(need_sign_in(request), pending, by_itself=True)
    return page(request, "console/network_applied.html", waits=waits, ended=None)


@post("/network/versions/{version:int}/confirm")
def confirm(request: AnyRequest, version: FromPath[int]) -> Answer:
    """Keep what was applied."""
    need_sign_in(request).require(Permission.MACHINE_MANAGE)
    return perform(
        request, applying.confirm_configuration, ask(reading.WhichVersion, version=version)
    )


@result_of(applying.confirm_configuration)
def confirmed(_request: AnyRequest, _result: Version) -> Answer:
    """Go back to the page."""
    return go(f"{PLACE}?notice=confirmed")


@post("/network/versions/{version:int}/revert")
def revert(request: AnyRequest, version: FromPath[int]) -> Answer:
    """Take back what was applied."""
    need_sign_in(request).require(Permission.MACHINE_MANAGE)
    return perform(
        request, applying.revert_configuration, ask(reading.WhichVersion, version=version)
    )


@result_of(applying.revert_configuration)
def reverted(_request: AnyRequest, _result: Version) -> Answer:
    """Go back to the page."""
    return go(f"{PLACE}?notice=reverted")


@post("/network/versions/{version:int}/waiting")
def follow(request: AnyRequest, version: FromPath[int]) -> Answer:
    """Confirm by itself what this person applied, where the connection was opened since.

    The page asks for it by itself; what came of the version is shown in its place.
    """
    context = need_sign_in(request)
    context.require(Permission.MACHINE_MANAGE)
    found = reading.read_configuration(context, NoRequest())
    pending = found.pending
    if (
        pending
        and pending.version == version
        and pending.account == context.actor.account
        and not pending.applying
        and context.generation >= version
    ):
        which = ask(reading.WhichVersion, version=version)
        applying.confirm_configuration(context, which)
        found = reading.read_configuration(context, NoRequest())
    waits = _waiting(context, found.pending, by_itself=True)
    ended = None
    if waits is None:
        which = ask(reading.WhichVersion, version=version)
        ended = reading.get_version(context, which).listed.version
    return part(request, "console/network_waiting.html", whole=PLACE, waits=waits, ended=ended)


def _waiting(
    context: Context, pending: Pending | None, *, by_itself: bool
) -> dict[str, Any] | None:
    """Return what the page says of a version that waits; nothing where none does."""
    if pending is None:
        return None
    own = pending.account == context.actor.account
    return {
        "pending": pending,
        "by_itself": by_itself and own,
        "may": context.actor.rights.allows(Permission.MACHINE_MANAGE),
    }


@get("/network/versions")
def show_versions(request: AnyRequest) -> Answer:
    """List what was applied, the newest first."""
    context = need_sign_in(request)
    offset = request.query_params.get("offset", "0")
    offset = offset if offset.isascii() and offset.isdigit() and len(offset) < 9 else "0"
    try:
        found = reading.list_versions(context, ask(reading.ListOfVersions, offset=offset))
    except MachineError as error:
        return _unavailable(request, context, error)
    after = int(offset) + PAGE
    return page(
        request,
        "console/network_versions.html",
        found=found,
        first=int(offset) + 1,
        actors=ACTORS,
        next=str(after) if after < found.total else "",
        previous=str(max(0, int(offset) - PAGE)) if int(offset) else "",
    )


@get("/network/versions/{version:int}")
def show_version(request: AnyRequest, version: FromPath[int]) -> Answer:
    """Show one version of the document."""
    context = need_sign_in(request)
    found = reading.get_version(context, ask(reading.WhichVersion, version=version))
    return page(
        request,
        "console/network_version.html",
        found=found,
        actors=ACTORS,
        may_manage=context.actor.rights.allows(Permission.MACHINE_MANAGE),
    )


def network_pages() -> list[HTTPRouteHandler]:
    """Return the handlers of this module."""
    return [
        show_access,
        plan_access,
        show_document,
        plan_document,
        apply,
        confirm,
        revert,
        follow,
        show_versions,
        show_version,
    ]
