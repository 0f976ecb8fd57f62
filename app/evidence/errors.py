"""What can go wrong with evidence."""

from app.core.errors import TenshuError


class NotReady(TenshuError):
    """The job has not made the file, or another person's did."""

    code = "evidence.not_ready"
    status = 409
    message = "This evidence is not ready."
    hint = "Wait for the job, or have the evidence made anew: it is kept for two days."
