"""Repositories: made, listed, and what they hold."""

from typing import Annotated

import msgspec
from msgspec import Meta

from app.backups import kit
from app.machine.calling import agent_for, caller_of
from app.operations.context import Context, Plane
from app.operations.operation import Effect, NoRequest, Route, operation
from app.operations.permissions import Permission
from appliance.contract.actions import ArchivedCheckpoint, Archives, Repositories, Repository

ON_CONSOLE = (Plane.CONSOLE,)

RepositoryId = Annotated[
    str, Meta(pattern=r"^[0-9a-f]{8,64}$(?!\n)", description="Identifier of the repository.")
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


class ArchiveOf(msgspec.Struct, frozen=True, kw_only=True):
    """Which archive of a repository."""

    repository: RepositoryId
    archive: Annotated[
        str,
        Meta(
            pattern=r"^([A-Za-z0-9][A-Za-z0-9._-]{0,99})?$(?!\n)",
            description="Name of the archive; empty for the newest.",
        ),
    ] = ""


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


class ConnectedRepository(msgspec.Struct, frozen=True, kw_only=True):
    """Which known repository, and where it stands now."""

    repository: RepositoryId
    folder: Annotated[
        str, Meta(max_length=4096, description="Where it stands now; empty for the same folder.")
    ] = ""


def _connect(context: Context, request: ConnectedRepository) -> Repository:
    ring = context.appliance.keyring
    with agent_for(context) as agent:
        return agent.connect_repository(
            caller_of(context),
            request.repository,
            request.folder,
            kit.passphrase(ring),
            kit.number(ring),
        )


@operation(
    "backups.connect_repository",
    permission=Permission.BACKUPS_MANAGE,
    planes=ON_CONSOLE,
    route=Route("POST", "/backups/repositories/{repository}/connect"),
    ahead=_connect,
)
def connect_repository(context: Context, request: ConnectedRepository) -> Repository:  # noqa: ARG001
    """Connect a repository that the appliance had before it was restored."""
    connected: Repository = context.ahead
    context.event.about("repository", connected.id, connected.name)
    context.event.change("folder", None, connected.folder)
    return connected


@operation(
    "backups.list_repositories",
    permission=Permission.BACKUPS_VIEW,
    effect=Effect.READ,
    planes=ON_CONSOLE,
    route=Route("GET", "/backups/repositories"),
)
def list_repositories(context: Context, request: NoRequest) -> Repositories:  # noqa: ARG001
    """List the repositories, those too that are only known from before a restore."""
    with agent_for(context) as agent:
        return agent.repositories(caller_of(context))


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
    "backups.read_checkpoint",
    permission=Permission.BACKUPS_VIEW,
    effect=Effect.READ,
    planes=ON_CONSOLE,
    route=Route("GET", "/backups/repositories/{repository}/checkpoint"),
)
def read_checkpoint(context: Context, which: ArchiveOf) -> ArchivedCheckpoint:
    """Tell the checkpoint of the history that an archive holds, to compare the history with it."""
    with agent_for(context) as agent:
        return agent.archived_checkpoint(caller_of(context), which.repository, which.archive)
