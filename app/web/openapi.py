"""The OpenAPI 3.1 document, generated from the registry: it cannot disagree with the code."""

import functools
import re
from typing import Any, Final

import msgspec

from app.operations.context import Plane
from app.operations.download import Download
from app.operations.operation import Operation, Tier
from app.operations.permissions import Permission
from app.web.api import PREFIX, REPEAT_HEADER, REPEAT_KEY, offered
from app.web.problem import MEDIA_TYPE, Problem
from app.web.schema import IN_PATH, IN_QUERY, in_address, name_numbers, schema_hook

VERSION: Final = "0.1.0"
_PARAMETER: Final = re.compile(r"\{(\w+)\}")
_REFUSALS: Final = {
    "400": "The request cannot be read.",
    "401": "Nobody is signed in.",
    "403": "The right is missing, or a second factor is needed.",
    "404": "There is no such thing.",
    "409": "Somebody else changed it in the meantime.",
    "413": "Too much was sent.",
    "422": "A field does not fit.",
    "429": "Too many tries.",
    "431": "The headers or the address are too long.",
    "503": "The database is busy.",
    "507": "The disk is full.",
}


@functools.cache
def document(plane: Plane) -> dict[str, Any]:
    """Return the OpenAPI document of a plane's API."""
    operations = offered(plane)
    results = [found.result_type for found in operations if _has_body(found)]
    requests = [found.request_type for found in operations]
    kinds = list(dict.fromkeys([*requests, *results, Problem]))
    schemas, components = msgspec.json.schema_components(
        kinds, schema_hook=schema_hook, ref_template="#/components/schemas/{name}"
    )
    found = dict(zip(kinds, schemas, strict=True))
    for kind in requests:
        name_numbers(kind, components[found[kind]["$ref"].rpartition("/")[2]])
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        if operation.route:
            place = paths.setdefault(PREFIX + operation.route.path, {})
            place[operation.route.method.lower()] = _describe(operation, found, components)
    return {
        "openapi": "3.1.0",
        "info": {"title": f"Tenshu {plane.value}", "version": VERSION},
        "servers": [{"url": "/"}],
        "security": [{"token": []}, {"session": []}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "session": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": f"__Host-tenshu-{plane.value}",
                },
            },
        },
    }


def _has_body(operation: Operation[Any, Any]) -> bool:
    return operation.result_type not in (Download, type(None))


def _describe(
    operation: Operation[Any, Any], found: dict[Any, Any], components: dict[str, Any]
) -> dict[str, Any]:
    declared = operation.route
    if declared is None:
        raise ValueError(operation.name)
    reference = found[operation.request_type]["$ref"].rpartition("/")[2]
    schema = components[reference]
    in_path = set(_PARAMETER.findall(declared.path))
    properties: dict[str, Any] = schema.get("properties", {})
    required = set(schema.get("required", []))
    described: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "description": _explain(operation),
        "tags": [operation.name.partition(".")[0]],
        "parameters": [
            {
                "name": name,
                "in": "path",
                "required": True,
                "schema": in_address(properties[name], IN_PATH),
            }
            for name in sorted(in_path)
        ],
        "responses": _responses(operation, found),
    }
    others = {name: value for name, value in properties.items() if name not in in_path}
    if declared.method in ("GET", "DELETE"):
        described["parameters"] += [
            {
                "name": name,
                "in": "query",
                "required": name in required,
                "schema": in_address(value, IN_QUERY),
            }
            for name, value in others.items()
        ]
    elif others:
        body = {
            "type": "object",
            "properties": others,
            "required": sorted(required - in_path),
            "additionalProperties": False,
        }
        described["requestBody"] = {
            "required": bool(required - in_path),
            "content": {"application/json": {"schema": body}},
        }
    if operation.repeatable:
        described["parameters"].append(
            {
                "name": REPEAT_HEADER,
                "in": "header",
                "required": False,
                "description": "Asked again with the same key within a day, it is done once.",
                "schema": {"type": "string", "pattern": f"^{REPEAT_KEY.pattern}$"},
            }
        )
    if operation.permission is Permission.ANYBODY:
        described["security"] = [{}]
    return described


def _explain(operation: Operation[Any, Any]) -> str:
    text = f"Permission: `{operation.permission.value}`."
    if operation.tier >= Tier.T2_DANGEROUS:
        text += " Needs a fresh second factor: not open to API tokens."
    return text


def _responses(operation: Operation[Any, Any], found: dict[Any, Any]) -> dict[str, Any]:
    declared = operation.route
    status = str(declared.status if declared else 200)
    if operation.result_type is Download:
        content: dict[str, Any] = {"*/*": {"schema": {"type": "string", "format": "binary"}}}
    elif _has_body(operation):
        content = {"application/json": {"schema": found[operation.result_type]}}
    else:
        content = {"application/json": {"schema": {"type": "null"}}}
    problem = {MEDIA_TYPE: {"schema": found[Problem]}}
    return {status: {"description": "Done.", "content": content}} | {
        code: {"description": text, "content": problem} for code, text in _REFUSALS.items()
    }
