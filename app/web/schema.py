"""JSON in and out of operations: encoding, and errors that name the field."""

import re
from typing import Any, Final

import msgspec
import msgspec.inspect

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
    ("Expected `int` >", mark("This number is too small.")),
    ("Expected `int` <", mark("This number is too large.")),
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


IN_QUERY: Final = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"
"""What the gate lets pass in an address: no control characters."""
IN_PATH: Final = r"^[^/\x00-\x1f\x7f]+$"
"""One part of a path."""


def in_address(schema: dict[str, Any], pattern: str) -> dict[str, Any]:
    """Return the schema of a value that stands in an address, where not every text may stand."""
    if schema.get("type") == "string" and not {"pattern", "enum"} & schema.keys():
        return {**schema, "pattern": pattern}
    if "anyOf" in schema:
        return {**schema, "anyOf": [in_address(part, pattern) for part in schema["anyOf"]]}
    if "items" in schema:
        return {**schema, "items": in_address(schema["items"], pattern)}
    return schema


def name_numbers(kind: type, schema: dict[str, Any]) -> None:
    """Say of the fields that map whole numbers to something that their names are numbers."""
    described = msgspec.inspect.type_info(kind)
    for field in getattr(described, "fields", ()):
        inner = field.type
        while isinstance(inner, msgspec.inspect.Metadata):
            inner = inner.type
        if isinstance(inner, msgspec.inspect.DictType) and isinstance(
            inner.key_type, msgspec.inspect.IntType
        ):
            schema["properties"][field.encode_name]["propertyNames"] = {
                "pattern": "^[1-9][0-9]{0,17}$"
            }
