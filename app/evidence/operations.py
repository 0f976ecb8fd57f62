"""Asking for evidence, and taking it away (F5, METI-18)."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from app.audit.ledger import read_keys
from app.core.errors import InvalidInput
from app.core.messages import mark
from app.evidence.errors import NotReady
from app.evidence.verify import fingerprint
from app.files import spool
from app.files.errors import UploadGone
from app.jobs.models import JobState
from app.jobs.operations import GetJob, JobId, get_job
from app.jobs.queue import enqueue
from app.operations.context import SYSTEM_ACCOUNT, Context, Plane
from app.operations.download import Download
from app.operations.operation import Effect, NoRequest, Route, operation
from app.operations.permissions import Permission

ON_CONSOLE: Final = (Plane.CONSOLE,)
MAKE: Final = "evidence.make"
CHUNK: Final = 1024 * 1024

Moment = Annotated[int, Meta(ge=0, lt=2**62)]


class EvidenceWanted(msgspec.Struct, frozen=True, kw_only=True):
    """For which period."""

    since: Annotated[Moment, Meta(description="Not older than this (ms).")]
    until: Annotated[Moment, Meta(description="Older than this (ms).")]


class EvidenceAsked(msgspec.Struct, frozen=True, kw_only=True):
    """The job that makes it."""

    job: str
    """Identifier of the job."""


class EvidenceResult(msgspec.Struct, frozen=True, kw_only=True):
    """What the job has made."""

    upload: str
    """Where the file lies in the spool."""
    bytes: int
    """Size of the file."""
    sha256: str
    """Of the file, hexadecimal."""
    first: int
    """Position of the first event."""
    end: int
    """Position behind the last event."""
    erasures: int
    """Erasures that explain values which are gone."""
    since: int = 0
    """Begin of the period (ms); 0 where an older version made it."""
    until: int = 0
    """Its end, not included (ms)."""


class OneEvidence(msgspec.Struct, frozen=True, kw_only=True):
    """Which evidence, by the job that made it."""

    job: JobId


class Fingerprints(msgspec.Struct, frozen=True, kw_only=True):
    """The keys that sign the history, as people compare them."""

    fingerprints: list[str]
    """The oldest first."""


@operation(
    MAKE,
    permission=Permission.AUDIT_EXPORT,
    effect=Effect.REVEAL,  # it changes nothing, so the auditor may; its file takes space
    planes=ON_CONSOLE,
    route=Route("POST", "/evidence", 202),
    in_reserve=False,
)
def make(context: Context, wanted: EvidenceWanted) -> EvidenceAsked:
    """Have the evidence for a period made: a file that convinces on any computer."""
    if wanted.until <= wanted.since:
        raise InvalidInput(field="until", reason=mark("The period ends before it begins."))
    context.event.about("history", "evidence")
    context.event.numbers.update(since=wanted.since, until=wanted.until)
    return EvidenceAsked(job=enqueue(context, MAKE, wanted))


@operation(
    "evidence.download",
    permission=Permission.AUDIT_EXPORT,
    effect=Effect.REVEAL,
    planes=ON_CONSOLE,
    route=Route("GET", "/evidence/{job}"),
)
def download(context: Context, wanted: OneEvidence) -> Download:
    """Download evidence that was made.

    Raise NotReady.
    """
    job = get_job.function(context, GetJob(job=wanted.job))
    mine = SYSTEM_ACCOUNT if context.actor.local else context.actor.account
    if job.kind != MAKE or job.state is not JobState.DONE or job.created_by != mine:
        raise NotReady
    found = msgspec.convert(job.result, EvidenceResult)
    folder = context.appliance.settings.spool
    try:
        spool.find(folder, found.upload, mine)
    except UploadGone as error:
        raise NotReady from error
    context.event.about("history", "evidence")
    context.event.references.update(job=job.id, sha256=found.sha256)
    context.event.numbers.update(bytes=found.bytes, first=found.first, end=found.end)
    return Download("evidence.zip", "application/zip", _chunks(folder, found.upload))


def _chunks(folder: Path, upload: str) -> Iterator[bytes]:
    with spool.open_upload(folder, upload) as file:
        while chunk := file.read(CHUNK):
            yield chunk


@operation(
    "evidence.fingerprints",
    permission=Permission.AUDIT_VIEW,
    effect=Effect.READ,
    planes=ON_CONSOLE,
    route=Route("GET", "/evidence/fingerprints"),
)
def show_fingerprints(context: Context, _: NoRequest) -> Fingerprints:
    """Show the fingerprints of the keys that sign the history."""
    keys = read_keys(context.appliance.settings.sealed_store)
    return Fingerprints(
        fingerprints=[fingerprint(key.public) for key in keys]  # type: ignore[no-untyped-call]
    )
