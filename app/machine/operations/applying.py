"""A document put into effect, kept, taken back; and its end told to the history."""

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from app.audit.event import Outcome as EventOutcome
from app.machine.calling import caller_of, machine_for
from app.machine.models import ToldVersion
from app.machine.operations.reading import ON_CONSOLE, DocumentText, WhichVersion
from app.operations.context import Context
from app.operations.operation import Route, Tier, operation
from app.operations.permissions import Permission
from appliance.contract.configuration.state import (
    LONGEST,
    SHORTEST,
    USUAL,
    ApplyConfiguration,
    Outcome,
    Plan,
    Version,
)

TOLD: Final = 50
"""Differences that an event holds; all of them stand in the version's own document."""


class NewDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A document to be put into effect."""

    document: DocumentText
    based_on: Annotated[
        int,
        Meta(
            ge=0,
            le=2**31 - 1,
            description="Version that it was made from; another one by now is refused.",
        ),
    ]
    why: Annotated[
        str,
        Meta(
            pattern=r"^[^\x00-\x1f\x7f]{0,200}$(?!\n)",
            description="Why, for those who read the history.",
        ),
    ] = ""
    seconds: Annotated[
        int,
        Meta(ge=SHORTEST, le=LONGEST, description="Seconds in which it has to be confirmed."),
    ] = USUAL
    despite_warnings: Annotated[
        bool, Meta(description="Whether the warnings of the plan were seen and it is meant so.")
    ] = False


class Applied(msgspec.Struct, frozen=True, kw_only=True):
    """A document that was put into effect."""

    version: Annotated[Version, Meta(description="The new version.")]
    plan: Annotated[Plan, Meta(description="What it changed.")]
    seconds: Annotated[int, Meta(description="Seconds in which it has to be confirmed.")]


def _apply(context: Context, new: NewDocument) -> Applied:
    request = ApplyConfiguration(
        document=new.document,
        based_on=new.based_on,
        why=new.why,
        seconds=new.seconds,
        despite_warnings=new.despite_warnings,
    )
    caller = caller_of(context)
    with machine_for(context) as machine:
        plan = machine.plan(caller, new.document)  # before it is what stands already
        version = machine.apply(caller, request)
    return Applied(version=version, plan=plan, seconds=new.seconds)


@operation(
    "machine.apply",
    permission=Permission.MACHINE_MANAGE,
    tier=Tier.T2_DANGEROUS,
    planes=ON_CONSOLE,
    route=Route("PUT", "/machine/configuration"),
    ahead=_apply,
)
def apply_configuration(context: Context, new: NewDocument) -> Applied:
    """Put a document into effect; where it may lock somebody out, until it is confirmed."""
    applied: Applied = context.ahead
    event, version = context.event, applied.version
    event.about("version", str(version.number), new.why)
    event.references["based_on"] = str(new.based_on)
    event.numbers["files"] = len(applied.plan.files)
    if version.outcome is Outcome.waiting:
        event.numbers["confirm_seconds"] = new.seconds
    for one in applied.plan.differences[:TOLD]:
        event.change(one.place, one.before or list(one.removed), one.after or list(one.added))
    return applied


def _confirm(context: Context, request: WhichVersion) -> Version:
    with machine_for(context) as machine:
        return machine.confirm(caller_of(context), request.version, context.generation)


@operation(
    "machine.confirm",
    permission=Permission.MACHINE_MANAGE,
    planes=ON_CONSOLE,
    route=Route("POST", "/machine/configuration/versions/{version}/confirm"),
    ahead=_confirm,
)
def confirm_configuration(context: Context, request: WhichVersion) -> Version:
    """Keep what was applied; the request must come over a connection opened since."""
    return _about(context, request)


def _revert(context: Context, request: WhichVersion) -> Version:
    with machine_for(context) as machine:
        return machine.revert(caller_of(context), request.version)


@operation(
    "machine.revert",
    permission=Permission.MACHINE_MANAGE,
    planes=ON_CONSOLE,
    route=Route("POST", "/machine/configuration/versions/{version}/revert"),
    ahead=_revert,
)
def revert_configuration(context: Context, request: WhichVersion) -> Version:
    """Take back at once what was applied and is not confirmed."""
    return _about(context, request)


def _about(context: Context, request: WhichVersion) -> Version:
    version: Version = context.ahead
    context.event.about("version", str(request.version), version.why)
    return version


class EndedVersion(msgspec.Struct, frozen=True, kw_only=True):
    """A version of which it is decided what became of it."""

    version: Annotated[Version, Meta(description="The version with its outcome.")]


@operation("machine.finish", permission=Permission.MACHINE_MANAGE, planes=())
def finish_version(context: Context, request: EndedVersion) -> None:
    """Tell the history what became of a version of the machine's document."""
    version = request.version
    told = ToldVersion(machine=context.appliance.machine, number=version.number, at=context.now)
    context.session.add(told)
    event = context.event
    event.about("version", str(version.number), version.why)
    event.references.update(
        outcome=version.outcome.value, reason=version.reason.value, account=version.account
    )
    if version.outcome is not Outcome.confirmed:
        event.outcome = EventOutcome.FAILED
        event.error = f"machine.{version.outcome.value}"
