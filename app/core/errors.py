"""The root of every error that a person may see.

An error belongs to the package that raises it (`app/<area>/errors.py`). It carries a stable code,
a message template in English (translated where it is shown), the parameters of that template, and
a hint: what to do now.
"""

from typing import Any, ClassVar


class TenshuError(Exception):
    """Something that did not work, in words for the person who asked for it."""

    code: ClassVar[str] = "error"
    """Stable name, `area.what_happened`; the API and the tests go by it."""
    status: ClassVar[int] = 400
    """HTTP status of the answer (RFC 9110)."""
    message: ClassVar[str] = "Something went wrong."
    """What happened. Parameters stand in braces: `{name}`."""
    hint: ClassVar[str] = ""
    """What to do now. Takes the same parameters."""

    def __init__(self, **parameters: Any) -> None:  # noqa: ANN401 - any value that formats
        self.parameters = parameters
        super().__init__(self.message.format(**parameters))


class InvalidInput(TenshuError):
    """One field of a request does not fit.

    `field` is the path inside the request (`user.name`); `reason` is a finished English sentence.
    """

    code = "invalid_input"
    status = 422
    message = "{field}: {reason}"
    hint = "Correct the field and send it again."


class NotFound(TenshuError):
    """There is no such thing, or none that this person may see."""

    code = "not_found"
    status = 404
    message = "There is no {kind} “{name}” here."
    hint = "Go back to the list: it may have been removed in the meantime."


class Conflict(TenshuError):
    """Somebody else changed the same thing since it was read."""

    code = "conflict"
    status = 409
    message = "“{name}” was changed by somebody else in the meantime."
    hint = "Look at the newest state, then make your change again. What you typed is kept."
