"""A repository leaves: off the list only, or destroyed with all its archives (T3)."""

from typing import Annotated

import msgspec
from msgspec import Meta

from app.backups.errors import NameDiffers
from app.backups.operations.repositories import OneRepository, RepositoryId
from app.core.errors import NotFound
from app.core.messages import mark
from app.machine.calling import agent_for, caller_of
from app.machine.errors import MachineError
from app.operations.context import Context, Plane
from app.operations.operation import Effect, Route, Tier, operation
from app.operations.permissions import Permission
from appliance.contract.actions import Archive, Repository
from appliance.contract.runs import Run

ON_CONSOLE = (Plane.CONSOLE,)

Name = Annotated[
    str, Meta(min_length=1, max_length=64, description="The repository's name, as people call it.")
]


class NamedRepository(msgspec.Struct, frozen=True, kw_only=True):
    """Which repository, and its name: whoever confirms reads the name, not an identifier."""

    repository: RepositoryId
    name: Name


class DoomedRepository(msgspec.Struct, frozen=True, kw_only=True):
    """Which repository, and what was lost with it when this was asked: the second person reads it.

    Only the first two are compared before the deletion; backups go on while a request waits.
    """

    repository: RepositoryId
    name: Name
    archives: Annotated[
        int | None, Meta(description="How many archives it held; left out if nobody could read it.")
    ] = None
    newest: Annotated[str, Meta(max_length=100, description="Its newest archive.")] = ""
    size: Annotated[str, Meta(max_length=32, description="What it took on its disk, in words.")] = (
        ""
    )


class Loss(msgspec.Struct, frozen=True, kw_only=True):
    """What the deletion of a repository would destroy."""

    repository: Annotated[Repository, Meta(description="The repository.")]
    archives: Annotated[
        int | None, Meta(description="How many archives it holds; null if nobody can read it.")
    ] = None
    newest: Annotated[Archive | None, Meta(description="Its newest archive.")] = None
    stored_bytes: Annotated[int, Meta(description="Bytes that it takes on its disk.")] = 0


@operation(
    "backups.describe_loss",
    permission=Permission.BACKUPS_MANAGE,
    effect=Effect.READ,
    planes=ON_CONSOLE,
    route=Route("GET", "/backups/repositories/{repository}/loss"),
)
def describe_loss(context: Context, request: OneRepository) -> Loss:
    """Tell what the deletion of a repository would destroy."""
    found = find_repository(context, request.repository)
    try:
        with agent_for(context) as agent:
            held = agent.archives(caller_of(context), found.id, limit=1)
    except MachineError:  # a repository that nobody can read may be deleted too
        return Loss(repository=found)
    return Loss(
        repository=found,
        archives=held.total,
        newest=next(iter(held.archives), None),
        stored_bytes=held.stored_bytes,
    )


def find_repository(context: Context, identifier: str) -> Repository:
    """Return a repository of the list. Raise NotFound, MachineError."""
    with agent_for(context) as agent:
        for one in agent.repositories(caller_of(context)).repositories:
            if one.id == identifier:
                return one
    raise NotFound(kind=mark("repository"), name=identifier)


def _require_name(context: Context, request: NamedRepository | DoomedRepository) -> Repository:
    found = find_repository(context, request.repository)
    if found.name != request.name:
        raise NameDiffers
    return found


def _forget(context: Context, request: NamedRepository) -> Repository:
    _require_name(context, request)
    with agent_for(context) as agent:
        return agent.forget_repository(caller_of(context), request.repository)


@operation(
    "backups.forget_repository",
    permission=Permission.BACKUPS_MANAGE,
    tier=Tier.T2_DANGEROUS,
    planes=ON_CONSOLE,
    route=Route("POST", "/backups/repositories/{repository}/forget"),
    ahead=_forget,
)
def forget_repository(context: Context, request: NamedRepository) -> Repository:  # noqa: ARG001
    """Take a repository off the list; its archives stay where they are."""
    gone: Repository = context.ahead
    context.event.about("repository", gone.id, gone.name)
    context.event.change("folder", gone.folder, None)
    return gone


def _start_deletion(context: Context, request: DoomedRepository) -> tuple[Repository, Run]:
    doomed = _require_name(context, request)
    with agent_for(context) as agent:
        return doomed, agent.delete_repository(caller_of(context), request.repository)


@operation(
    "backups.delete_repository",
    permission=Permission.BACKUPS_MANAGE,
    tier=Tier.T3_IRREVERSIBLE,
    planes=ON_CONSOLE,
    ahead=_start_deletion,
)
def delete_repository(context: Context, request: DoomedRepository) -> Run:  # noqa: ARG001
    """Delete a repository with all its archives. Nobody can bring them back."""
    doomed: Repository
    started: Run
    doomed, started = context.ahead
    context.event.about("repository", doomed.id, doomed.name)
    context.event.change("folder", doomed.folder, None)
    context.event.references["run"] = started.id
    return started
