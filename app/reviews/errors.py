"""What can go wrong with a review."""

from app.core.errors import TenshuError
from app.operations.errors import Refused


class ReviewClosed(TenshuError):
    """The result is fixed: nothing is decided any more."""

    code = "reviews.closed"
    status = 409
    message = "The review “{name}” is closed."
    hint = "What shall change now is changed at the person's account, or in the next review."


class NotYourLine(Refused):
    """The line belongs to another head; perhaps since a moment ago."""

    code = "reviews.not_yours"
    message = "Some of these lines are not yours to decide."
    hint = "Load the page again: the head of the group may have changed in the meantime."


class NothingToReview(TenshuError):
    """No active person holds anything in what was chosen."""

    code = "reviews.nothing"
    status = 422
    message = "Nobody holds a right in the groups that were chosen."
    hint = "Choose other groups, or all."
