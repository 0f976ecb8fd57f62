"""Making evidence in the background."""

import tempfile
from typing import Final

from app.core import clock
from app.core.database_errors import in_our_words
from app.core.messages import mark
from app.evidence.making import Period, make_evidence
from app.evidence.operations import MAKE, EvidenceResult, EvidenceWanted
from app.files import spool
from app.jobs.handlers import handler
from app.jobs.run import Run
from app.jobs.uploads import clear_uploads

WRITING: Final = mark("Writing events and proofs")
REPORT_EVERY: Final = clock.SECOND // 2
NO_LIMIT: Final = 2**62
CHUNK: Final = 1024 * 1024


@handler(MAKE, unit="events")
def run_make(run: Run, wanted: EvidenceWanted) -> EvidenceResult:
    """Make the file, then put it where its owner finds it."""
    folder = run.appliance.settings.spool
    clear_uploads(run.appliance)
    told = 0

    def progress(done: int, total: int) -> None:
        nonlocal told
        if clock.now() - told >= REPORT_EVERY:
            told = clock.now()
            run.check()
            run.report(done=done, total=total, phase=WRITING)

    period = Period(since=wanted.since, until=wanted.until)
    with in_our_words(), tempfile.TemporaryFile(dir=folder) as file:
        made = make_evidence(
            run.appliance.settings.sealed_store, file, period, at=clock.now(), progress=progress
        )
        file.seek(0)
        with spool.receive(folder, run.created_by, "evidence.zip", NO_LIMIT) as incoming:
            while chunk := file.read(CHUNK):
                incoming.write(chunk)
            kept = incoming.finish()
    return EvidenceResult(
        upload=kept.id,
        bytes=kept.size,
        sha256=kept.sha256,
        first=made.first,
        end=made.end,
        erasures=made.erasures,
        since=wanted.since,
        until=wanted.until,
    )
