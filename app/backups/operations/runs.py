"""Runs of the machine: started, followed, cancelled, and their ends told to the history."""

from typing import Annotated

import msgspec
from msgspec import Meta

from app.audit.event import Outcome
from app.backups import kit
from app.backups.models import ToldRun
from app.backups.operations.repositories import OneRepository
from app.machine.calling import agent_for, caller_of
from app.operations.context import Context, Plane
from app.operations.operation import Effect, Route, operation
from app.operations.permissions import Permission
from appliance.contract.actions import Runs
from appliance.contract.runs import Run, State

ON_CONSOLE = (Plane.CONSOLE,)

RunId = Annotated[
    str, Meta(pattern=r"^[0-9a-f]{8,64}$(?!\n)", description="Identifier of the run.")
]


class OneRun(msgspec.Struct, frozen=True, kw_only=True):
    """Which run."""

    run: RunId


class ListOfRuns(msgspec.Struct, frozen=True, kw_only=True):
    """From where on runs are listed."""

    offset: Annotated[int, Meta(ge=0, description="How many of the newest to pass over.")] = 0


def _start_backup(context: Context, request: OneRepository) -> Run:
    kit.wrap(context.appliance.settings, context.appliance.keyring)
    with agent_for(context) as agent:
        return agent.run_backup(caller_of(context), request.repository)


@operation(
    "backups.run",
    permission=Permission.BACKUPS_RUN,
    planes=ON_CONSOLE,
    route=Route("POST", "/backups/repositories/{repository}/run", 202),
    ahead=_start_backup,
)
def run_backup(context: Context, request: OneRepository) -> Run:
    """Start a backup of the whole appliance."""
    return _started(context, request)


def _started(context: Context, request: OneRepository) -> Run:
    started: Run = context.ahead
    context.event.about("repository", request.repository)
    context.event.references["run"] = started.id
    return started


def _start_check(context: Context, request: OneRepository) -> Run:
    with agent_for(context) as agent:
        return agent.check_repository(caller_of(context), request.repository)


@operation(
    "backups.check",
    permission=Permission.BACKUPS_RUN,
    planes=ON_CONSOLE,
    route=Route("POST", "/backups/repositories/{repository}/check", 202),
    ahead=_start_check,
)
def check_repository(context: Context, request: OneRepository) -> Run:
    """Start reading and verifying every byte of a repository."""
    return _started(context, request)


@operation(
    "backups.get_run",
    permission=Permission.BACKUPS_VIEW,
    effect=Effect.READ,
    planes=ON_CONSOLE,
    route=Route("GET", "/backups/runs/{run}"),
)
def get_run(context: Context, request: OneRun) -> Run:
    """Tell how far a backup, check or restore is."""
    with agent_for(context) as agent:
        return agent.progress(caller_of(context), request.run)


@operation(
    "backups.list_runs",
    permission=Permission.BACKUPS_VIEW,
    effect=Effect.READ,
    planes=ON_CONSOLE,
    route=Route("GET", "/backups/runs"),
)
def list_runs(context: Context, request: ListOfRuns) -> Runs:
    """List backups, checks and restores, the newest first."""
    with agent_for(context) as agent:
        return agent.runs(caller_of(context), request.offset)


def _cancel(context: Context, request: OneRun) -> Run:
    with agent_for(context) as agent:
        return agent.cancel(caller_of(context), request.run)


@operation(
    "backups.cancel",
    permission=Permission.BACKUPS_RUN,
    planes=ON_CONSOLE,
    route=Route("POST", "/backups/runs/{run}/cancel"),
    ahead=_cancel,
)
def cancel_run(context: Context, request: OneRun) -> Run:
    """Ask a backup, check or restore to end; what it did so far is undone."""
    cancelled: Run = context.ahead
    context.event.references["run"] = request.run
    return cancelled


class EndedRun(msgspec.Struct, frozen=True, kw_only=True):
    """A run that has ended, as the agent told it."""

    run: Annotated[Run, Meta(description="The run with its result.")]


@operation("backups.finish", permission=Permission.BACKUPS_RUN, planes=())
def finish_run(context: Context, request: EndedRun) -> None:
    """Tell the history how a run of the machine ended."""
    run = request.run
    context.session.add(ToldRun(id=run.id, at=context.now))
    context.event.about("run", run.id)
    context.event.references.update(
        {"run": run.id, "action": run.action, "repository": run.repository}
    )
    if run.state is not State.done:
        context.event.outcome = Outcome.FAILED
        context.event.error = run.error_code or run.state.value
    if run.backup:
        context.event.references["archive"] = run.backup.archive
        context.event.references["manifest_sha256"] = run.backup.manifest_sha256
        context.event.numbers.update(
            bytes=run.backup.bytes,
            files=run.backup.files,
            rows=run.backup.rows,
            milliseconds=run.backup.milliseconds,
            sealed_events=run.backup.sealed_size,
        )
    if run.check:
        context.event.numbers["findings"] = len(run.check.findings)
    if run.deletion:
        context.event.numbers.update(
            archives=run.deletion.archives or 0,
            bytes=run.deletion.bytes,
            milliseconds=run.deletion.milliseconds,
        )
