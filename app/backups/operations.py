"""Backups as operations: repository, key kit, run, archives, check."""

from typing import Annotated

import msgspec
from msgspec import Meta

from app.audit.event import Outcome
from app.backups import kit
from app.backups.errors import KitDiffers, NoKeyKit
from app.backups.machine import agent_for, caller_of
from app.backups.models import ToldRun
from app.core.secret import Secret
from app.operations.context import Context, Plane
from app.operations.operation import Effect, NoRequest, Route, Tier, operation
from app.operations.permissions import Permission
from appliance.contract.actions import Archives, Repositories, Repository, Runs
from appliance.contract.runs import Run, State

ON_CONSOLE = (Plane.CONSOLE,)

RepositoryId = Annotated[
    str, Meta(pattern=r"^[0-9a-f]{8,64}$(?!\n)", description="Identifier of the repository.")
]
RunId = Annotated[
    str, Meta(pattern=r"^[0-9a-f]{8,64}$(?!\n)", description="Identifier of the run.")
]


class NewRepository(msgspec.Struct, frozen=True, kw_only=True):
    """Where backups shall go."""

    name: Annotated[
        str, Meta(min_length=1, max_length=64, description="What people call the repository.")
    ]
    folder: Annotated[
        str, Meta(min_length=1, max_length=4096, description="Absolute path of an empty folder.")
    ]


class OneRepository(msgspec.Struct, frozen=True, kw_only=True):
    """Which repository."""

    repository: RepositoryId


class ListOfArchives(msgspec.Struct, frozen=True, kw_only=True):
    """Which repository's archives, and from where on."""

    repository: RepositoryId
    offset: Annotated[int, Meta(ge=0, description="How many of the newest to pass over.")] = 0


class OneRun(msgspec.Struct, frozen=True, kw_only=True):
    """Which run."""

    run: RunId


class ListOfRuns(msgspec.Struct, frozen=True, kw_only=True):
    """From where on runs are listed."""

    offset: Annotated[int, Meta(ge=0, description="How many of the newest to pass over.")] = 0


class KitShown(msgspec.Struct, frozen=True, kw_only=True):
    """The key kit, to print."""

    text: Annotated[Secret, Meta(description="Fourteen groups of four characters.")]
    qr: Annotated[Secret, Meta(description="What the QR code holds.")]
    number: Annotated[str, Meta(description="The kit's number; opens nothing.")]


class KitState(msgspec.Struct, frozen=True, kw_only=True):
    """Whether there is a kit, and whether somebody keeps it."""

    made: Annotated[bool, Meta(description="A kit was made.")]
    kept: Annotated[bool, Meta(description="Somebody has shown that it stands on paper.")]
    number: Annotated[str, Meta(description="The kit's number; empty while there is none.")] = ""


class KitEnd(msgspec.Struct, frozen=True, kw_only=True):
    """Proof that the kit stands on paper."""

    end: Annotated[Secret, Meta(description="The kit's last group of four characters, as printed.")]


def _make_repository(context: Context, new: NewRepository) -> Repository:
    settings, ring = context.appliance.settings, context.appliance.keyring
    if not kit.have_kit(ring):
        kit.make_kit(settings, ring)
    with agent_for(context) as agent:
        return agent.create_repository(
            caller_of(context), new.name, new.folder, kit.passphrase(ring), kit.number(ring)
        )


@operation(
    "backups.create_repository",
    permission=Permission.BACKUPS_MANAGE,
    planes=ON_CONSOLE,
    route=Route("POST", "/backups/repositories", 201),
    ahead=_make_repository,
)
def create_repository(context: Context, new: NewRepository) -> Repository:  # noqa: ARG001
    """Make an encrypted repository in a folder; the first one makes the key kit too."""
    made: Repository = context.ahead
    context.event.about("repository", made.id, made.name)
    context.event.change("folder", None, made.folder)
    context.event.references["kit"] = made.kit_number
    return made


@operation(
    "backups.list_repositories",
    permission=Permission.BACKUPS_VIEW,
    effect=Effect.READ,
    planes=ON_CONSOLE,
    route=Route("GET", "/backups/repositories"),
)
def list_repositories(context: Context, request: NoRequest) -> Repositories:  # noqa: ARG001
    """List the repositories."""
    with agent_for(context) as agent:
        return agent.repositories(caller_of(context))


@operation(
    "backups.kit_state",
    permission=Permission.BACKUPS_VIEW,
    effect=Effect.READ,
    planes=ON_CONSOLE,
    route=Route("GET", "/backups/kit/state"),
)
def kit_state(context: Context, request: NoRequest) -> KitState:  # noqa: ARG001
    """Tell whether there is a key kit, and whether somebody keeps it."""
    ring = context.appliance.keyring
    if not kit.have_kit(ring):
        return KitState(made=False, kept=False)
    return KitState(
        made=True,
        kept=kit.unkept_kit(ring) is None,
        number=kit.number(ring),
    )


@operation(
    "backups.show_kit",
    permission=Permission.BACKUPS_MANAGE,
    effect=Effect.REVEAL,
    planes=ON_CONSOLE,
    tier=Tier.T1_REVERSIBLE,
)
def show_kit(context: Context, request: NoRequest) -> KitShown:  # noqa: ARG001
    """Show the key kit to print it.

    Raise NoKeyKit once it is kept.
    """
    found = kit.unkept_kit(context.appliance.keyring)
    if found is None:
        raise NoKeyKit
    context.event.about("key kit", found.number())
    return KitShown(
        text=Secret(found.text().reveal()),
        qr=Secret(found.qr_payload().reveal()),
        number=found.number(),
    )


def _forget_kit(context: Context, proof: KitEnd) -> str:
    settings, ring = context.appliance.settings, context.appliance.keyring
    found = kit.unkept_kit(ring)
    if found is None:
        raise NoKeyKit
    end = found.text().reveal().rpartition(" ")[2]
    if not Secret(proof.end.reveal().strip().upper()).matches(end):
        raise KitDiffers
    kit.forget_kit(settings, ring)
    return found.number()


@operation(
    "backups.keep_kit",
    permission=Permission.BACKUPS_MANAGE,
    planes=ON_CONSOLE,
    ahead=_forget_kit,
)
def keep_kit(context: Context, proof: KitEnd) -> KitState:  # noqa: ARG001
    """Forget the key kit here, once its last group shows that it stands on paper."""
    number: str = context.ahead
    context.event.about("key kit", number)
    return KitState(made=True, kept=True, number=number)


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
    "backups.list_archives",
    permission=Permission.BACKUPS_VIEW,
    effect=Effect.READ,
    planes=ON_CONSOLE,
    route=Route("GET", "/backups/repositories/{repository}/archives"),
)
def list_archives(context: Context, request: ListOfArchives) -> Archives:
    """List a repository's archives, the newest first."""
    with agent_for(context) as agent:
        return agent.archives(caller_of(context), request.repository, request.offset)


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
