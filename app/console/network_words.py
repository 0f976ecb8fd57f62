"""What pages about the machine say alike: its problems in words, and that it is out of reach."""

from app.core.messages import explain
from app.machine.errors import MachineError
from app.operations.context import Context
from app.web.asking import AnyRequest
from app.web.pages import Answer, page
from appliance.contract.configuration.state import Problem
from appliance.contract.errors import rebuild


def said(context: Context, problem: Problem) -> str:
    """Return a problem and its remedy in the reader's language."""
    error = MachineError(rebuild(problem.code, dict(problem.parameters)))
    message, hint = explain(context.language, error)
    return f"{message}{hint}" if context.language == "ja" else f"{message} {hint}"


def no_machine(request: AnyRequest, context: Context, error: MachineError) -> Answer:
    """Show why the machine cannot be set up from here."""
    message, hint = explain(context.language, error)
    return page(request, "console/network_unavailable.html", message=message, hint=hint)
