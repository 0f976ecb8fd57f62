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
    match value:
        case str():
            return NUL in value
        case dict():
            return any(_holds(each) for pair in value.items() for each in pair)
        case list():
            return any(_holds(each) for each in value)
        case _:
            return False
