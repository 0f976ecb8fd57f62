"""JSON in and out of operations: encoding, and errors that name the field."""

import re
from typing import Any, Final

import msgspec

from app.core.errors import InvalidInput
from app.core.messages import mark
from app.core.secret import Secret

_PLACE: Final = re.compile(r"^(?P<what>.*?)(?: - at `\$\.?(?P<where>.*)`)?$", re.DOTALL)
_MISSING: Final = re.compile(r"missing required field `(?P<field>\w+)`")

_REASONS: Final[tuple[tuple[str, str], ...]] = (
    ("missing required field", mark("Enter something here.")),
    ("of length >= 1", mark("Enter something here.")),
    ("of length >=", mark("This is too short.")),
    ("of length <=", mark("This is too long.")),
    ("matching regex", mark("This has a form that does not fit.")),
    ("Expected `int`", mark("Enter a whole number.")),
    ("Expected `float`", mark("Enter a number.")),
    ("Expected `bool`", mark("This is yes or no.")),
    ("Invalid enum value", mark("Choose one of the offered values.")),
    ("contains unknown field", mark("There is no such field.")),
)
_OTHERWISE: Final = mark("This value does not fit.")


def as_invalid_input(error: msgspec.ValidationError) -> InvalidInput:
    """Return a decoding error in our words, naming the field."""
    match = _PLACE.match(str(error))
    what, where = (match["what"], match["where"] or "") if match else (str(error), "")
    missing = _MISSING.search(what)
    field = ".".join(part for part in (where, missing["field"] if missing else "") if part)
    reason = next((text for sign, text in _REASONS if sign in what), _OTHERWISE)
    return InvalidInput(field=field, reason=reason)


def _encode_hook(value: Any) -> Any:  # noqa: ANN401 - msgspec's hook
    # A result holds a secret only where the operation hands it out once (a token, a password).
    if isinstance(value, Secret):
        return value.reveal()
    msg = f"{type(value).__name__} in an answer"
    raise NotImplementedError(msg)


encode: Final = msgspec.json.Encoder(enc_hook=_encode_hook).encode


def schema_hook(kind: type) -> dict[str, Any]:
    """Return the JSON Schema of the types that msgspec does not know."""
    if kind is Secret:
        return {"type": "string", "format": "password"}
    msg = f"{kind.__name__} in a schema"
    raise NotImplementedError(msg)
