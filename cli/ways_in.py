"""From where and with which certificate somebody may come in, as `tenshu accounts why` tells."""

from collections.abc import Iterator

from app.core.messages import mark
from app.identity.access_rules import Kind
from app.identity.operations.access_rules import BUILT_IN, RuleRow
from app.identity.operations.why import WayIn
from cli.invocation import Invocation
from cli.table import columns, moment


def ways_in(invocation: Invocation, way: WayIn | None) -> Iterator[str]:
    """Yield what binds somebody; nothing where no rule does."""
    if way is None or not way.rules:
        return
    words = invocation.words
    heads = (mark("Rule"), mark("Networks"), mark("Client certificate"))
    rows = [
        (_whom(invocation, one), _where(invocation, one), _with(invocation, one))
        for one in way.rules
    ]
    yield ""
    yield words(mark("This person comes in only where all of these hold."))
    yield columns([words(head) for head in heads], rows)
    if way.certificate_areas:
        own = [(one.device, moment(one.expires_at)) for one in way.certificates]
        shown = [words(mark("Certificate of the device")), words(mark("Valid until"))]
        none = words(mark("A certificate is needed, and there is none"))
        yield columns(shown, own) if own else none


def _whom(invocation: Invocation, rule: RuleRow) -> str:
    if rule.kind is Kind.ACCOUNT:
        return invocation.words(mark("Their own"))
    translated = rule.kind is Kind.AREA or rule.whom in BUILT_IN
    name = invocation.words(rule.name) if translated else rule.name
    whom = mark("Area: {name}") if rule.kind is Kind.AREA else mark("Role: {name}")
    return invocation.words(whom, name=name)


def _where(invocation: Invocation, rule: RuleRow) -> str:
    return ", ".join(rule.networks) or invocation.words(mark("From everywhere"))


def _with(invocation: Invocation, rule: RuleRow) -> str:
    return invocation.words(mark("Needed") if rule.certificate else mark("Not needed"))
