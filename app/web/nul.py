"""NUL is no character of a text: PostgreSQL cannot hold it, and no keyboard types it."""

from typing import Any

from app.core.errors import InvalidInput
from app.core.messages import mark

NUL = "\0"


def refuse_nul(fields: dict[str, Any]) -> None:
    """Raise InvalidInput for the first field that holds NUL, however deep inside."""
    for name, value in fields.items():
        if _holds(value):
            reason = mark("This has a form that does not fit.")
            raise InvalidInput(field=name.replace(NUL, "")[:64], reason=reason)


def _holds(value: Any) -> bool:  # noqa: ANN401 - whatever JSON and forms are made of
    # not by recursion: JSON may be as deep as its decoder follows, and that is deeper than Python
    waiting = [value]
    while waiting:
        match waiting.pop():
            case str() as text if NUL in text:
                return True
            case dict() as inner:
                waiting += [each for pair in inner.items() for each in pair]
            case list() as inner:
                waiting += inner
    return False
