"""Errors as an answer: a page for people, problem details (RFC 9457) for programs."""

from typing import Any

import msgspec

from app.core.errors import TenshuError
from app.core.messages import explain

MEDIA_TYPE = "application/problem+json"


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Problem details."""

    type: str
    title: str
    status: int
    detail: str = ""
    instance: str = ""
    """The incident number."""
    code: str = ""
    parameters: dict[str, Any] = {}


def describe(error: TenshuError, language: str, incident: str) -> Problem:
    """Return an error as problem details in `language`."""
    title, hint = explain(language, error)
    return Problem(
        type=f"urn:tenshu:problem:{error.code}",
        title=title,
        status=error.status,
        detail=hint,
        instance=f"urn:tenshu:incident:{incident}" if incident else "",
        code=error.code,
        parameters={
            name: value if isinstance(value, int) else str(value)
            for name, value in error.parameters.items()
        },
    )
