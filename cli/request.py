"""A request made of what was typed, held to the same limits as one that came over the network."""

from typing import Any, TypeVar

import msgspec

from app.core.errors import InvalidInput

Request = TypeVar("Request", bound=msgspec.Struct)


def request(kind: type[Request], /, **fields: Any) -> Request:  # noqa: ANN401 - whatever was typed
    """Return a request. Raise InvalidInput naming the field that does not fit."""

    def keep(_: type, value: Any) -> Any:  # noqa: ANN401 - secrets stay what they are
        return value

    try:
        return msgspec.convert(fields, kind, dec_hook=keep)
    except msgspec.ValidationError as error:
        reason, _, place = str(error).partition(" - at `$.")
        raise InvalidInput(field=place.rstrip("`") or kind.__name__, reason=reason) from error
