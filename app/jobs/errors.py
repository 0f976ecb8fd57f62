"""What can go wrong with a job."""

from app.core.errors import TenshuError


class UnknownJobKind(TenshuError):
    """No handler of this version knows the job's kind."""

    code = "jobs.unknown_kind"
    status = 500
    message = "This version does not know how to do “{kind}”."
    hint = "The job was made by another version. Start it again from its page."


class JobGivenUp(TenshuError):
    """The job stopped its process, or failed, as often as it was allowed to."""

    code = "jobs.given_up"
    status = 500
    message = "The job was tried {attempts} times without any progress and was given up."
    hint = "Look at the last error of the job in the log, then start it again."


class OwnerGone(TenshuError):
    """The person who started the job may not do anything any more."""

    code = "jobs.owner_gone"
    status = 403
    message = "The account that started this job is suspended or gone."
    hint = "Let somebody who has the right start it again."


class JobEnded(TenshuError):
    """Nothing can be done to a job that has ended."""

    code = "jobs.ended"
    status = 409
    message = "The job has already ended."
    hint = "Look at its result."


class LeaseLost(TenshuError):
    """Another process has taken the job over; what this one does counts no longer."""

    code = "jobs.lease_lost"
    status = 409
    message = "Another process has taken over this job."
    hint = "Nothing to do: the job goes on there."


class JobCancelled(TenshuError):
    """Somebody asked the job to stop."""

    code = "jobs.cancelled"
    status = 409
    message = "The job was cancelled."
    hint = "Start it again if you still need it."


class WorkerStopping(TenshuError):
    """The worker is asked to end; the job goes on with the next one."""

    code = "jobs.worker_stopping"
    status = 503
    message = "The worker is stopping."
    hint = "The job continues from where it stands at the next start."
