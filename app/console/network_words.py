"""What pages about the machine say alike: its problems in words, and that it is out of reach."""

from app.core.messages import explain
from app.machine.errors import MachineError
from app.operations.context import Context
from app.web.asking import AnyRequest
from app.web.pages import Answer, page
from appliance.contract.configuration.state import Problem
from appliance.contract.errors import ApplianceError, rebuild


def said(context: Context, problem: Problem) -> str:
    """Return a problem and its remedy in the reader's language."""
    return said_of(context, rebuild(problem.code, dict(problem.parameters)))


def said_of(context: Context, error: ApplianceError) -> str:
    """Return an error of the machine and its remedy in the reader's language."""
    message, hint = explain(context.language, MachineError(error))
    return f"{message}{hint}" if context.language == "ja" else f"{message} {hint}"


def no_machine(request: AnyRequest, context: Context, error: MachineError) -> Answer:
    """Show why the machine cannot be set up from here."""
    message, hint = explain(context.language, error)
    return page(request, "console/network_unavailable.html", message=message, hint=hint)
