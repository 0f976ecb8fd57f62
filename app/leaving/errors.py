"""What can go wrong where a person leaves."""

from app.core.errors import TenshuError


class NoOwnerWouldRemain(TenshuError):
    """After this day nobody would be owner any more."""

    code = "leaving.no_owner_would_remain"
    status = 409
    message = "Nobody would be owner any more after {day}."
    hint = "Give the role of owner to somebody who stays, then set the day."


class UnsuitableSuccessor(TenshuError):
    """The successor cannot take anything over."""

    code = "leaving.unsuitable_successor"
    status = 422
    message = "{name} cannot be the successor: {reason}"
    hint = "Choose an active account that stays."


class NotLeaving(TenshuError):
    """There is no last day to be taken back."""

    code = "leaving.not_leaving"
    status = 409
    message = "No last day is set for {name}, or it has passed already."
    hint = "Who has left can be let in again on the page of the account."
