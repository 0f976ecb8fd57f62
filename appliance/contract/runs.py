"""A run: one long action, from its start to its result, as its files and the wire tell it."""

import enum
from typing import Annotated

import msgspec
from msgspec import Meta

from appliance.contract.errors import ApplianceError, rebuild

Text = Annotated[str, Meta(max_length=1000)]


class State(enum.StrEnum):
    """Where a run stands."""

    running = "running"
    done = "done"
    failed = "failed"
    cancelled = "cancelled"


class Phase(enum.StrEnum):
    """What a run is doing now, in the order of a backup, a restore, a check, a deletion."""

    starting = "starting"
    snapshot = "snapshot"
    collecting = "collecting"
    archiving = "archiving"
    verifying = "verifying"
    extracting = "extracting"
    comparing = "comparing"
    placing = "placing"
    checking = "checking"
    deleting = "deleting"
    finished = "finished"


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How far a run is."""

    phase: Annotated[Phase, Meta(description="What it is doing now")] = Phase.starting
    percent: Annotated[float, Meta(description="Share of the whole run, 0 to 100")] = 0.0
    bytes_done: Annotated[int, Meta(description="Bytes of this phase that are done")] = 0
    bytes_total: Annotated[int, Meta(description="Bytes of this phase; 0 if not known")] = 0
    files_done: Annotated[int, Meta(description="Files of this phase that are done")] = 0
    files_total: Annotated[int, Meta(description="Files of this phase; 0 if not known")] = 0
    speed: Annotated[int, Meta(description="Bytes per second in this phase")] = 0
    eta: Annotated[int | None, Meta(description="Seconds to the end of this phase")] = None
    at: Annotated[int, Meta(description="When this was so, milliseconds since 1970")] = 0


class BackupResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a backup wrote."""

    archive: Annotated[Text, Meta(description="Name of the archive")]
    archive_id: Annotated[Text, Meta(description="Borg's identifier of the archive, hexadecimal")]
    bytes: Annotated[int, Meta(description="Bytes of everything in the archive")]
    stored_bytes: Annotated[int, Meta(description="Bytes that the repository grew by")]
    files: Annotated[int, Meta(description="Number of files in the archive")]
    rows: Annotated[int, Meta(description="Rows of all tables in the database snapshot")]
    milliseconds: Annotated[int, Meta(description="Duration of the whole backup")]
    manifest_sha256: Annotated[Text, Meta(description="Hash of manifest.json, hexadecimal")]
    database_sha256: Annotated[Text, Meta(description="Hash of the database snapshot, hexadecimal")]
    sealed_size: Annotated[int, Meta(description="Size of the sealed tree by its last checkpoint")]
    checkpoint: Annotated[str, Meta(description="Last checkpoint, C2SP tlog-checkpoint; may be ''")]


class RestoreResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a restore brought back."""

    archive: Annotated[Text, Meta(description="Name of the restored archive")]
    data: Annotated[Text, Meta(description="Data folder that was filled")]
    keys: Annotated[Text, Meta(description="Keys folder that was filled")]
    bytes: Annotated[int, Meta(description="Bytes restored")]
    files: Annotated[int, Meta(description="Files restored, each compared with its hash")]
    rows: Annotated[int, Meta(description="Rows of all tables, counted and compared")]
    milliseconds: Annotated[int, Meta(description="Duration: the measured recovery time")]
    known_size: Annotated[int, Meta(description="Size of the newest sealed tree known")]
    newest_archive: Annotated[Text, Meta(description="Archive that checkpoint and erasures are of")]
    unreadable: Annotated[
        tuple[str, ...], Meta(description="Newer archives that could not be read for erasures")
    ] = ()


class CheckResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a check of every byte found."""

    whole: Annotated[bool, Meta(description="True if every byte is what was written")]
    milliseconds: Annotated[int, Meta(description="Duration of the check")]
    findings: Annotated[
        tuple[str, ...], Meta(description="Borg's own words about damage, at most 20, in English")
    ] = ()


class DeletionResult(msgspec.Struct, frozen=True, kw_only=True):
    """What the deletion of a repository destroyed."""

    archives: Annotated[
        int | None, Meta(description="Archives that it held; null if that could not be read")
    ]
    bytes: Annotated[int, Meta(description="Bytes that were freed on its disk")]
    milliseconds: Annotated[int, Meta(description="Duration of the deletion")]


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """One long action, running or ended."""

    id: Annotated[Text, Meta(description="Identifier; later runs sort after earlier ones")]
    action: Annotated[Text, Meta(description="Name of the action")]
    repository: Annotated[Text, Meta(description="Identifier of the repository")]
    archive: Annotated[Text, Meta(description="Archive to restore; empty for other actions")] = ""
    account: Annotated[Text, Meta(description="Account that asked for it")] = ""
    session: Annotated[Text, Meta(description="Session that asked for it")] = ""
    source: Annotated[Text, Meta(description="Address that asked for it")] = ""
    plane: Annotated[Text, Meta(description="Plane that asked for it")] = ""
    started_at: Annotated[int, Meta(description="Milliseconds since 1970")] = 0
    finished_at: Annotated[int | None, Meta(description="Milliseconds since 1970")] = None
    state: Annotated[State, Meta(description="Where the run stands")] = State.running
    progress: Annotated[Progress, Meta(description="How far it is")] = Progress()
    error_code: Annotated[Text, Meta(description="Why it failed; empty if it did not")] = ""
    error_parameters: Annotated[
        dict[str, str], Meta(description="What the error's message is about")
    ] = {}
    backup: Annotated[BackupResult | None, Meta(description="Result of a backup")] = None
    restore: Annotated[RestoreResult | None, Meta(description="Result of a restore")] = None
    check: Annotated[CheckResult | None, Meta(description="Result of a check")] = None
    deletion: Annotated[DeletionResult | None, Meta(description="Result of a deletion")] = None

    @property
    def error(self) -> ApplianceError | None:
        """The error that ended the run, if one did."""
        return rebuild(self.error_code, dict(self.error_parameters)) if self.error_code else None
