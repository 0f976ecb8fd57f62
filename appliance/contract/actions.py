"""What the machine is asked for and what it answers: the typed requests and results."""

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from appliance.contract.runs import Run
from appliance.contract.secret import Secret

INTERFACE: Final = "tenshu.appliance"
PAGE: Final = 100
"""Entries of a list that one answer holds at most: far below 1 MiB."""

Identifier = Annotated[str, Meta(pattern="^[0-9a-f]{8,64}$", description="Identifier")]
ArchiveName = Annotated[
    str, Meta(pattern="^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$", description="Name of an archive")
]
Named = Annotated[
    str, Meta(pattern=r"^[^\x00-\x1f\x7f]{1,64}$", description="What people call it, unique")
]
Offset = Annotated[int, Meta(ge=0, description="Entries to skip, newest first")]
Limit = Annotated[int, Meta(ge=1, le=PAGE, description="Entries to return at most")]
Origin = Annotated[str, Meta(max_length=200)]


class Caller(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who asks, as the console or the command line knows it."""

    account: Annotated[Origin, Meta(description="Identifier of the account")]
    session: Annotated[Origin, Meta(description="Identifier of the session")] = ""
    source: Annotated[Origin, Meta(description="Address of the person's browser")] = ""
    plane: Annotated[Origin, Meta(description="console, or machine for the command line")] = ""


class Request(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Parameters of an action."""


class Nothing(Request, frozen=True, kw_only=True):
    """No parameters."""


class CreateRepository(Request, frozen=True, kw_only=True):
    """Make an encrypted repository in an empty folder, or take up one that stands there."""

    name: Annotated[Named, Meta(description="What people call the repository")]
    folder: Annotated[
        str, Meta(min_length=1, max_length=4096, description="Absolute path of the folder")
    ]
    passphrase: Annotated[Secret, Meta(description="The kit's passphrase for Borg")]
    kit_number: Annotated[
        str, Meta(pattern="^[0-9a-f]{16}$", description="Number of the kit, to compare with rings")
    ]


class OfRepository(Request, frozen=True, kw_only=True):
    """Parameters of an action on one repository."""

    repository: Annotated[Identifier, Meta(description="Identifier of the repository")]


class ConnectRepository(OfRepository, frozen=True, kw_only=True):
    """Connect a repository that is known from a restored archive."""

    folder: Annotated[
        str, Meta(max_length=4096, description="Where it stands now; empty for the same folder")
    ] = ""
    passphrase: Annotated[Secret, Meta(description="The kit's passphrase for Borg")]
    kit_number: Annotated[
        str, Meta(pattern="^[0-9a-f]{16}$", description="Number of the kit, to compare with rings")
    ]


class ChangeKit(Request, frozen=True, kw_only=True):
    """Let every repository open with a new kit, and not with the one before."""

    passphrase: Annotated[Secret, Meta(description="The new kit's passphrase for Borg")]
    kit_number: Annotated[str, Meta(pattern="^[0-9a-f]{16}$", description="The new kit's number")]
    ring: Annotated[
        str, Meta(max_length=1 << 18, description="The key ring, wrapped for the new kit")
    ]


class ListArchives(OfRepository, frozen=True, kw_only=True):
    """Which page of a repository's archives to list."""

    offset: Offset = 0
    limit: Limit = 50


class ReadCheckpoint(OfRepository, frozen=True, kw_only=True):
    """Tell the checkpoint of the history that one archive holds."""

    archive: Annotated[
        str,
        Meta(
            pattern="^([A-Za-z0-9][A-Za-z0-9._-]{0,99})?$",
            description="Name of the archive; empty for the newest",
        ),
    ] = ""


class RestoreArchive(OfRepository, frozen=True, kw_only=True):
    """Restore one archive into a fresh pair of folders beside the data folder."""

    archive: Annotated[ArchiveName, Meta(description="Name of the archive")]
    kit: Annotated[Secret, Meta(description="The key kit as typed or scanned")]


class ListRuns(Request, frozen=True, kw_only=True):
    """Which page of the runs to list."""

    offset: Offset = 0
    limit: Limit = 50


class OfRun(Request, frozen=True, kw_only=True):
    """Parameters of an action on one run."""

    run: Annotated[Identifier, Meta(description="Identifier of the run")]


class Capability(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that this place can do, or not."""

    name: Annotated[str, Meta(description="What it is")]
    available: Annotated[bool, Meta(description="Whether it works here")]
    reason: Annotated[str, Meta(description="Unavailable, because …; empty if available")] = ""
    detail: Annotated[str, Meta(description="Version of the program that does it")] = ""


class CapabilityList(msgspec.Struct, frozen=True, kw_only=True):
    """What this place can do."""

    capabilities: Annotated[tuple[Capability, ...], Meta(description="All of them, sorted")]


class Repository(msgspec.Struct, frozen=True, kw_only=True):
    """A place for archives."""

    id: Annotated[str, Meta(description="Identifier")]
    name: Annotated[str, Meta(description="What people call it")]
    folder: Annotated[str, Meta(description="Where it stands")]
    borg_id: Annotated[str, Meta(description="Borg's identifier of it, hexadecimal")]
    kit_number: Annotated[str, Meta(description="Number of the kit that opens it")]
    created_at: Annotated[int, Meta(description="Milliseconds since 1970")]
    adopted: Annotated[bool, Meta(description="True if it stood there already")] = False
    connected: Annotated[
        bool, Meta(description="False if it is only known from a restored archive")
    ] = True


class Repositories(msgspec.Struct, frozen=True, kw_only=True):
    """All repositories."""

    repositories: Annotated[tuple[Repository, ...], Meta(description="In the order of creation")]


class Archive(msgspec.Struct, frozen=True, kw_only=True):
    """One generation of a backup."""

    name: Annotated[str, Meta(description="Name, unique in its repository")]
    id: Annotated[str, Meta(description="Borg's identifier, hexadecimal")]
    at: Annotated[int, Meta(description="When it was begun, milliseconds since 1970")]
    bytes: Annotated[int | None, Meta(description="Bytes in it, if it says so")] = None
    files: Annotated[int | None, Meta(description="Files in it, if it says so")] = None
    rows: Annotated[int | None, Meta(description="Rows of its database, if it says so")] = None
    version: Annotated[str, Meta(description="Version of the appliance that wrote it")] = ""


class Archives(msgspec.Struct, frozen=True, kw_only=True):
    """A page of archives."""

    archives: Annotated[tuple[Archive, ...], Meta(description="Newest first")]
    total: Annotated[int, Meta(description="How many the repository has")]
    stored_bytes: Annotated[int, Meta(description="Bytes that it takes on its disk")] = 0


class ArchivedCheckpoint(msgspec.Struct, frozen=True, kw_only=True):
    """How far the history had come when an archive was made, signed."""

    archive: Annotated[str, Meta(description="Name of the archive")]
    at: Annotated[int, Meta(description="When it was begun, milliseconds since 1970")]
    size: Annotated[int, Meta(description="Events that the checkpoint covers")]
    checkpoint: Annotated[str, Meta(description="C2SP tlog-checkpoint; empty before the first")]


class Runs(msgspec.Struct, frozen=True, kw_only=True):
    """A page of runs."""

    runs: Annotated[tuple[Run, ...], Meta(description="Newest first")]
    total: Annotated[int, Meta(description="How many there are")]
