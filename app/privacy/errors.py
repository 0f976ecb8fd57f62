"""What can go wrong where somebody asks what is kept about a person, or has it erased."""

from app.core.errors import TenshuError


class NobodyNamed(TenshuError):
    """Neither an account nor a text to search for."""

    code = "privacy.nobody_named"
    status = 422
    message = "Nobody is named."
    hint = "Choose an account, or type a name, a mail address or a number of at least two letters."


class StillActive(TenshuError):
    """A person who works here cannot be erased."""

    code = "privacy.still_active"
    status = 409
    message = "{name} is still active."
    hint = "Let the person leave first; then nothing new is written while it is erased."


class AlreadyErased(TenshuError):
    """What was found went with the person."""

    code = "privacy.already_erased"
    status = 410
    message = "The person was erased; what had been found about them went too."
    hint = "The history tells when, by whom and under what basis."


class NotFinished(TenshuError):
    """The search still runs."""

    code = "privacy.not_finished"
    status = 409
    message = "The search is not finished yet."
    hint = "Look at its progress, and download the file when it has ended."


class PlaceUnknown(TenshuError):
    """Nothing was found at this place."""

    code = "privacy.place_unknown"
    status = 422
    message = "Nothing was found at {place}."
    hint = "Choose among what the search has found."
