"""The OpenAPI document of one table: the calls of its records, with its own fields. Pure."""

import copy
from typing import Any, Final

from app.operations.context import Plane
from app.services.tables.fields import SYSTEM
from app.services.tables.models import FieldKind
from app.services.tables.views import FieldView, TableView
from app.web.api import PREFIX
from app.web.openapi import document

TABLE: Final = "{table}"
RECORDS: Final = f"{PREFIX}/tables/{TABLE}/"
VALUES: Final = "values"
"""What people give by number of the field."""

_TEXT: Final[dict[str, Any]] = {"type": "string"}
_NUMBER: Final[dict[str, Any]] = {"type": ["string", "number"]}
_MANY: Final[dict[str, Any]] = {"type": ["array", "string"], "items": {"type": "string"}}
VALUE_OF: Final[dict[FieldKind, dict[str, Any]]] = {
    FieldKind.TEXT: _TEXT,
    FieldKind.LONG_TEXT: _TEXT,
    FieldKind.INTEGER: {"type": ["integer", "string"]},
    FieldKind.DECIMAL: _NUMBER,
    FieldKind.MONEY: _NUMBER,
    FieldKind.PERCENT: _NUMBER,
    FieldKind.DATE: {"type": "string", "examples": ["2026-11-21"]},
    FieldKind.DATE_TIME: {"type": "string", "examples": ["2026-11-21T09:30:00Z"]},
    FieldKind.DURATION: {"type": "string", "examples": ["1:30:00"]},
    FieldKind.CHECKBOX: {"type": ["boolean", "string"]},
    FieldKind.SELECT: _TEXT,
    FieldKind.MULTI_SELECT: _MANY,
    FieldKind.PERSON: _TEXT,
    FieldKind.GROUP: _TEXT,
    FieldKind.EMAIL: {"type": "string", "format": "email"},
    FieldKind.PHONE: _TEXT,
    FieldKind.URL: {"type": "string", "format": "uri"},
    FieldKind.POSTAL_CODE: {"type": "string", "examples": ["100-0013"]},
    FieldKind.ADDRESS: _TEXT,
    FieldKind.LINK: {"type": ["integer", "string"]},
    FieldKind.LINKS: {"type": ["array", "string"], "items": {"type": ["integer", "string"]}},
    FieldKind.AUTONUMBER: _TEXT,
    FieldKind.CREATED_AT: _TEXT,
    FieldKind.CREATED_BY: _TEXT,
    FieldKind.UPDATED_AT: _TEXT,
    FieldKind.UPDATED_BY: _TEXT,
}
"""What a value of each kind may be in JSON, besides none."""
GIVEN: Final = frozenset({*SYSTEM, FieldKind.AUTONUMBER})
"""What the appliance writes itself."""


def document_of(table: TableView) -> dict[str, Any]:
    """Return the document: the workspace's, narrowed to this table and told with its fields."""
    found = copy.deepcopy(document(Plane.WORKSPACE))
    paths = {
        path.replace(TABLE, str(table.id)): _of_table(calls, table)
        for path, calls in found["paths"].items()
        if path.startswith(RECORDS)
    }
    found["info"] = {**found["info"], "title": table.name, "description": _told(table)}
    found["paths"] = paths
    return found


def _told(table: TableView) -> str:
    """Return which cell of a record is which field, in the order in which records have them."""
    lines = [f"{one.id}: {one.name} ({one.kind.value})" for one in table.fields]
    return "Fields by number, in the order of a record's cells.\n\n" + "\n".join(
        f"- {line}" for line in lines
    )


def _of_table(calls: dict[str, Any], table: TableView) -> dict[str, Any]:
    for method, call in calls.items():
        call["parameters"] = [
            one for one in call["parameters"] if (one["in"], one["name"]) != ("path", "table")
        ]
        content = call.get("requestBody", {}).get("content", {}).get("application/json", {})
        body = content.get("schema", {}).get("properties", {})
        if VALUES in body and body[VALUES].get("type") == "object":
            body[VALUES] = _values(table, is_new=method == "post" and "record" not in body)
    return calls


def _values(table: TableView, *, is_new: bool) -> dict[str, Any]:
    """Return the schema of what is given: each field by its number, under its name."""
    given = [one for one in table.fields if one.kind not in GIVEN and not one.read_only]
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {str(one.id): value_schema(one) for one in given},
        "additionalProperties": False,
    }
    if is_new:
        schema["required"] = [
            str(one.id) for one in given if one.settings.required and not one.settings.default
        ]
    return schema


def value_schema(field: FieldView) -> dict[str, Any]:
    """Return the schema of one field's value; `null` empties it, where it need not be filled."""
    schema = dict(VALUE_OF[field.kind])
    schema["title"] = field.name
    if field.settings.help:
        schema["description"] = field.settings.help
    names = [one.name for one in field.settings.options if not one.gone]
    if field.kind is FieldKind.SELECT and names:
        schema["enum"] = names
    elif names:
        schema["items"] = {"type": "string", "enum": names}
    if field.settings.required:
        return schema
    kinds = schema["type"]
    schema["type"] = [*([kinds] if isinstance(kinds, str) else kinds), "null"]
    if "enum" in schema:
        schema["enum"] = [*schema["enum"], None]
    return schema
