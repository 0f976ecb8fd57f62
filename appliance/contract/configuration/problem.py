"""An error as it crosses the wire."""

from typing import Annotated

import msgspec
from msgspec import Meta

from appliance.contract.errors import ApplianceError


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """Something wrong with a document, or dangerous about it: an error as it crosses the wire."""

    code: Annotated[str, Meta(description="Stable name of the error")]
    parameters: Annotated[dict[str, str], Meta(description="Of its message; `place` among them")]
    message: Annotated[str, Meta(description="What is wrong, in English")]
    hint: Annotated[str, Meta(description="What to do")]


def as_problem(error: ApplianceError) -> Problem:
    """Return an error as it crosses the wire."""
    parameters = {name: str(value) for name, value in error.parameters.items()}
    return Problem(code=error.code, parameters=parameters, message=str(error), hint=error.advice())
