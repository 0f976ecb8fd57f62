"""`tenshu config`: the settings of this copy, and the document of the machine that it owns."""

from pathlib import Path

import click
import msgspec

from app.core.errors import TenshuError
from app.core.messages import mark
from app.machine.operations.applying import (
    NewDocument,
    apply_configuration,
    confirm_configuration,
    revert_configuration,
)
from app.machine.operations.reading import (
    ListOfVersions,
    ProposedDocument,
    WhichVersion,
    get_version,
    list_versions,
    plan_configuration,
    read_configuration,
)
from app.operations.operation import NoRequest
from appliance.contract.configuration.problem import Problem
from appliance.contract.configuration.state import Configuration, Outcome, Plan, Reason, Version
from appliance.contract.errors import rebuild
from cli.invocation import SETTINGS, Invocation, NoAppliance, everywhere, this_call
from cli.request import request
from cli.table import columns, moment

OUTCOMES = {
    Outcome.applying: mark("being applied"),
    Outcome.waiting: mark("to be confirmed"),
    Outcome.confirmed: mark("holds, or held"),
    Outcome.reverted: mark("taken back"),
    Outcome.failed: mark("did not take effect"),
}
REASONS = {
    Reason.none: "",
    Reason.not_confirmed: mark("not confirmed in time"),
    Reason.asked: mark("somebody asked for it"),
    Reason.interrupted: mark("it was interrupted"),
    Reason.restarted: mark("the machine was started anew"),
    Reason.not_healthy: mark("something did not answer"),
}


class NoSuchFile(TenshuError):
    """The document cannot be read."""

    code = "command.document_unreadable"
    message = "{file} cannot be read: {reason}"
    hint = "Name a text file in UTF-8 that you may read."


@click.group
@everywhere
def config() -> None:
    """Look at the settings, and at the document of the machine; change the document."""


@config.command
@everywhere
@this_call
def show(invocation: Invocation) -> None:
    """Show every setting and where its value comes from, and the machine's document."""
    values = invocation.settings().environment()
    found = [
        {"variable": variable, "value": values[variable], "from": invocation.origin(variable)}
        for variable, _ in SETTINGS.values()
    ]
    machine, why = _machine(invocation)
    heads = [invocation.words(head) for head in (mark("Setting"), mark("Value"), mark("From"))]
    rows = [(one["variable"], one["value"], invocation.words(one["from"])) for one in found]
    told = f"# {why}" if machine is None else _describe(invocation, machine)
    invocation.answer(
        {"settings": found, "machine": machine, "why_no_machine": why},
        lambda: f"{columns(heads, rows)}\n\n{told}",
    )


def _machine(invocation: Invocation) -> tuple[Configuration | None, str]:
    """Return the document of the machine, or why there is none."""
    try:
        with invocation.context() as context:
            return read_configuration(context, NoRequest()), ""
    except TenshuError as error:
        if isinstance(error, NoAppliance) or error.code.startswith(("agent.", "machine.")):
            return None, invocation.words(error.message, **error.parameters)
        raise


def _describe(invocation: Invocation, machine: Configuration) -> str:
    lines = [f"# {invocation.words(mark('Version'))} {machine.version}"]
    if machine.pending:
        waits = mark("Version {number} waits to be confirmed for {seconds} s more.")
        pending = machine.pending
        told = invocation.words(waits, number=pending.version, seconds=round(pending.left))
        lines.append(f"# {told}")
    differs = mark("{path} is not as the document says.")
    lines += [f"# {invocation.words(differs, path=one.path)}" for one in machine.drift]
    return "\n".join([*lines, machine.document.rstrip()])


def _read(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise NoSuchFile(file=file, reason=error) from None


@config.command
@click.argument("file", type=click.Path(path_type=Path))
@everywhere
@this_call
def plan(invocation: Invocation, file: Path) -> None:
    """Tell what the document in FILE would change; exit code 1 where something is wrong with it."""
    document = _read(file)
    with invocation.context() as context:
        found = plan_configuration(context, request(ProposedDocument, document=document))
    invocation.answer(found, lambda: _plan(invocation, found))
    if found.problems:
        raise SystemExit(1)


def _plan(invocation: Invocation, found: Plan) -> str:
    lines = [
        *(_problem(invocation, "✗", one) for one in found.problems),
        *(_problem(invocation, "!", one) for one in (*found.warnings, *found.notices)),
    ]
    for one in found.differences:
        lines.append(f"{one.place}  {invocation.words(one.label)}")
        lines += [f"  - {value}" for value in (one.before, *one.removed) if value]
        lines += [f"  + {value}" for value in (one.after, *one.added) if value]
    for change in found.files:
        lines += ["", change.path, change.difference]
    if not lines:
        lines.append(invocation.words(mark("Nothing would change.")))
    if found.confirm:
        lines += ["", invocation.words(mark("It would have to be confirmed afterwards."))]
    return "\n".join(lines)


def _problem(invocation: Invocation, sign: str, problem: Problem) -> str:
    error = rebuild(problem.code, dict(problem.parameters))
    message = invocation.words(error.message, **error.parameters)
    return f"{sign} {message} {invocation.words(error.hint, **error.parameters)}"


@config.command
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--why", default="", help="Why, for those who read the history.")
@click.option("--seconds", default=60, show_default=True, help="Seconds in which to confirm.")
@everywhere
@this_call
def apply(invocation: Invocation, file: Path, why: str, seconds: int) -> None:
    """Put the document in FILE into effect; `tenshu config confirm` keeps what locks out nobody."""
    put_into_effect(invocation, _read(file), why, seconds)


def put_into_effect(invocation: Invocation, document: str, why: str, seconds: int) -> None:
    """Apply a document that was made from the one that holds, and say what came of it."""
    with invocation.context() as context:
        based_on = read_configuration(context, NoRequest()).version
        new = request(NewDocument, document=document, based_on=based_on, why=why, seconds=seconds)
        # who stands at the machine itself is not locked out of it
        new = msgspec.structs.replace(new, despite_warnings=True)
        version = apply_configuration(context, new).version
    invocation.answer(version, lambda: _row_text(invocation, version))
    if version.outcome is Outcome.waiting:
        invocation.tell(
            mark("Confirm it within {seconds} s: tenshu config confirm {number}"),
            seconds=seconds,
            number=version.number,
        )


@config.command
@click.argument("version", type=int)
@everywhere
@this_call
def confirm(invocation: Invocation, version: int) -> None:
    """Keep VERSION, which was applied and waits."""
    with invocation.context() as context:
        kept = confirm_configuration(context, request(WhichVersion, version=version))
    invocation.answer(kept, lambda: _row_text(invocation, kept))


@config.command
@click.argument("version", type=int)
@everywhere
@this_call
def revert(invocation: Invocation, version: int) -> None:
    """Take VERSION back at once, which was applied and waits."""
    with invocation.context() as context:
        back = revert_configuration(context, request(WhichVersion, version=version))
    invocation.answer(back, lambda: _row_text(invocation, back))


@config.command
@click.option("--offset", default=0, help="How many of the newest to pass over.")
@everywhere
@this_call
def history(invocation: Invocation, offset: int) -> None:
    """List the versions of the document, the newest first."""
    with invocation.context() as context:
        found = list_versions(context, request(ListOfVersions, offset=offset))
    marked = (mark("Version"), mark("When"), mark("Who"), mark("Outcome"), mark("Why"))
    heads = [invocation.words(head) for head in marked]
    rows = []
    for one in found.items:
        number, at, *rest = _row(invocation, one.version)
        rows.append((number, at, one.name, *rest))
    invocation.answer(found, lambda: columns(heads, rows))


def _row(invocation: Invocation, version: Version) -> tuple[str, ...]:
    outcome = invocation.words(OUTCOMES[version.outcome])
    reason = REASONS[version.reason]
    if reason:
        outcome += f" ({invocation.words(reason)})"
    return str(version.number), moment(version.at), outcome, version.why


def _row_text(invocation: Invocation, version: Version) -> str:
    return "  ".join(one for one in _row(invocation, version) if one)


@config.command
@click.argument("version", type=int)
@click.option("--why", default="", help="Why, for those who read the history.")
@click.option("--seconds", default=60, show_default=True, help="Seconds in which to confirm.")
@everywhere
@this_call
def restore(invocation: Invocation, version: int, why: str, seconds: int) -> None:
    """Put the document of an earlier VERSION into effect again, as a new version."""
    with invocation.context() as context:
        found = get_version(context, request(WhichVersion, version=version))
    put_into_effect(invocation, found.document, why, seconds)
