"""The process of one long action: `python -m appliance.backup`, started by the agent.

The job comes in on standard input, with its secrets; nothing is on the command line. As a unit of
systemd, which has the run's identifier there, it asks for its job at the run's socket. The process
has a session of its own and survives console and agent; what it does stands in the run's folder.
A file `cancel` in the run's folder cancels, and so does SIGTERM.
"""

import logging
import os
import signal
import sys
from types import FrameType
from typing import Final

import msgspec

from appliance.backup.borg import Borg
from appliance.backup.create import back_up, explained
from appliance.backup.delete import delete
from appliance.backup.job import Job, ask_for_job, read_job
from appliance.backup.reporter import Reporter
from appliance.backup.restore import restore
from appliance.backup.verify import verify
from appliance.book import Book
from appliance.contract.backup_errors import RunCancelled
from appliance.contract.errors import AgentFailed, ApplianceError
from appliance.contract.kit import KeyKit
from appliance.contract.runs import (
    BackupResult,
    CheckResult,
    DeletionResult,
    Progress,
    RestoreResult,
    Run,
    State,
)
from appliance.contract.table import TABLE
from appliance.durable import write_whole
from appliance.log import configure_logging
from appliance.place import load_place
from appliance.records import JOB_SOCKET, Record

Result = BackupResult | RestoreResult | CheckResult | DeletionResult

LOG: Final = logging.getLogger("appliance.backup")


def main(unit_of: str = "") -> int:
    """Run the job; return 0 if it is done, 1 if it failed or was cancelled.

    `unit_of` is the run whose unit this is; none where the agent itself has started it.
    """
    configure_logging("backup")
    cancelled = False

    def cancel(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
        nonlocal cancelled
        cancelled = True

    signal.signal(signal.SIGTERM, cancel)
    runs = load_place().runs
    asked = runs / unit_of / JOB_SOCKET
    job = ask_for_job(asked) if unit_of else read_job(sys.stdin.buffer.read())
    record = Record(runs / job.run.id)
    # the agent locked it before this process began; no program that we start may inherit it
    os.set_inheritable(job.lock, False)
    write_whole(record.folder / "process", str(os.getpid()).encode(), durable=False)
    last = Progress()

    def tell(progress: Progress) -> None:
        nonlocal last
        last = progress
        record.tell(progress)

    reporter = Reporter(
        tell, lambda: cancelled or record.cancel_asked(), TABLE[job.run.action].timeout
    )
    try:
        with explained(record.folder):
            ended = _with(job.run, _do(job, record, reporter))
        record.finish(ended, State.done, last)
    except RunCancelled as error:
        record.finish(job.run, State.cancelled, last, error)
        return 1
    except ApplianceError as error:
        LOG.warning("%s failed: %s (%s)", job.run.action, error, error.code)
        record.finish(job.run, State.failed, last, error)
        return 1
    except Exception:
        LOG.exception("%s failed, incident %s", job.run.action, job.run.id)
        record.finish(job.run, State.failed, last, AgentFailed(incident=job.run.id))
        return 1
    return 0


def _do(job: Job, record: Record, reporter: Reporter) -> Result:
    place = load_place()
    if job.run.action == "RestoreArchive":
        target = place.restores / job.run.id
        return restore(
            job.folder,
            KeyKit.from_text(job.kit),
            target / "data",
            target / "keys",
            archive=job.run.archive,
            reporter=reporter,
        )
    borg = Borg(job.folder, job.passphrase, place.borg, reporter, alone=True, log=record.log)
    if job.run.action == "CheckRepository":
        return verify(borg, reporter)
    if job.run.action == "DeleteRepository":
        gone = delete(place, job.repository, borg, reporter)
        Book(place).remove(job.repository.id)
        return gone
    return back_up(place, job.repository, borg, job.run.id, reporter)


def _with(run: Run, result: Result) -> Run:
    match result:
        case BackupResult():
            return msgspec.structs.replace(run, backup=result)
        case RestoreResult():
            return msgspec.structs.replace(run, restore=result)
        case CheckResult():
            return msgspec.structs.replace(run, check=result)
        case DeletionResult():
            return msgspec.structs.replace(run, deletion=result)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
