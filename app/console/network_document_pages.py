"""The machine's document as its text, what a change of it would do, and its way into effect."""

from collections.abc import Callable
from typing import Any, Final

from litestar.handlers import HTTPRouteHandler

from app.console.network_words import no_machine, said
from app.core.errors import TenshuError
from app.core.messages import mark, translate
from app.machine.errors import MachineError
from app.machine.operations import applying, reading
from app.operations.context import Context
from app.operations.operation import NoRequest
from app.operations.permissions import Permission
from app.web.asking import AnyRequest
from app.web.pages import Answer, ask, field_errors, need_sign_in, page, perform
from app.web.routing import get, post
from app.web.shared_pages import Form
from appliance.contract.configuration.errors import CertificateNotShown, ExcludesYou
from appliance.contract.configuration.problem import Problem
from appliance.contract.configuration.state import Plan

RISKS: Final = {
    ExcludesYou.code: mark("You would lock yourself out"),
    CertificateNotShown.code: mark("This certificate cannot be shown now"),
}
"""Titles of the warnings of a plan."""
SAID: Final = {"yes": mark("yes"), "no": mark("no")}


@get("/network/document")
def show_document(request: AnyRequest) -> Answer:
    """Show the document as its text."""
    context = need_sign_in(request)
    try:
        found = reading.read_configuration(context, NoRequest())
    except MachineError as error:
        return no_machine(request, context, error)
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
    return plan_page(request, context, str(data.get("document", "")).replace("\r\n", "\n"))


def plan_page(
    request: AnyRequest,
    context: Context,
    text: str,
    at_fields: Callable[[tuple[Problem, ...]], Answer] | None = None,
    *,
    faulty: bool = False,
    **more: Any,  # noqa: ANN401
) -> Answer:
    """Show the plan of a text: problems where there are, else the way to apply it.

    `at_fields` shows problems on the form that the text was made by; with `faulty` it does in any
    case: the form has mistakes of its own.
    """
    try:
        proposed = ask(reading.ProposedDocument, document=text)
    except TenshuError as error:
        errors = field_errors(context.language, error)
        return _document_page(request, context, text, errors, status=error.status)
    plan = reading.plan_configuration(context, proposed)
    if at_fields and (plan.problems or faulty):
        return at_fields(plan.problems)
    if plan.problems:
        problems = {"document": "\n".join(said(context, one) for one in plan.problems)}
        return _document_page(request, context, text, problems, status=422)
    return page(
        request,
        "console/network_plan.html",
        status=more.pop("status", 200),
        plan=plan,
        text=text,
        changes=_changes(context, plan),
        warnings=[(RISKS.get(one.code, ""), said(context, one)) for one in plan.warnings],
        notices=[said(context, one) for one in plan.notices],
        errors=more.pop("errors", {}),
        values={"why": "", "seconds": "60", **more},
    )


def _changes(context: Context, plan: Plan) -> list[dict[str, Any]]:
    """Return the differences in words: what, of which entry, what goes, what comes."""

    def value(text: str) -> str:
        return translate(context.language, SAID[text]) if text in SAID else text

    return [
        {
            "label": _first_sentence(translate(context.language, one.label)),
            "subject": one.subject,
            "place": one.place,
            "before": [value(text) for text in (one.before, *one.removed) if text],
            "after": [value(text) for text in (one.after, *one.added) if text],
        }
        for one in plan.differences
    ]


def _first_sentence(text: str) -> str:
    """Return what a key is; how it is used stands in the reference."""
    return text.partition("。")[0].partition(". ")[0]


@post("/network/apply")
def apply(request: AnyRequest, data: Form) -> Answer:
    """Put the document that was shown into effect, after a fresh second factor."""
    context = need_sign_in(request)
    context.require(Permission.MACHINE_MANAGE)
    text = str(data.get("document", "")).replace("\r\n", "\n")
    typed: dict[str, Any] = {name: str(data.get(name, "")).strip() for name in ("why", "seconds")}
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
        return plan_page(request, context, text, None, errors=errors, status=error.status, **typed)


def document_pages() -> list[HTTPRouteHandler]:
    """Return the handlers of this module."""
    return [show_document, plan_document, apply]
