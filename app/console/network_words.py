"""What pages about the machine say alike: its problems in words, and that it is out of reach."""

from collections.abc import Iterable

from app.core.messages import explain, mark, translate
from app.machine.errors import MachineError
from app.operations.context import Context
from app.web.asking import AnyRequest
from app.web.pages import Answer, page
from appliance.contract.configuration.problem import Problem
from appliance.contract.errors import ApplianceError, rebuild


def said(context: Context, problem: Problem, place: str = "") -> str:
    """Return a problem and its remedy in the reader's language; `place` in words, where told."""
    return said_of(context, rebuild(problem.code, dict(problem.parameters)), place)


def entry_of(context: Context, label: str, number: int) -> str:
    """Return what an entry of a field is called in the reader's language, the first being 0."""
    return translate(
        context.language, mark("{label}, entry {number}"), label=label, number=number + 1
    )


def gathered(told: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return field → what is wrong with it; several things stand one below the other."""
    found: dict[str, list[str]] = {}
    for field, text in told:
        if text not in found.setdefault(field, []):
            found[field].append(text)
    return {field: "\n".join(texts) for field, texts in found.items()}


def said_of(context: Context, error: ApplianceError, place: str = "") -> str:
    """Return an error of the machine and its remedy in the reader's language."""
    if place and "place" in error.parameters:
        error = type(error)(**{**error.parameters, "place": place})
    message, hint = explain(context.language, MachineError(error))
    return f"{message}{hint}" if context.language == "ja" else f"{message} {hint}"


def no_machine(request: AnyRequest, context: Context, error: MachineError) -> Answer:
    """Show why the machine cannot be set up from here."""
    message, hint = explain(context.language, error)
    return page(request, "console/network_unavailable.html", message=message, hint=hint)
