"""Attempts whose failure is kept: the transaction commits the count, then the error is raised.

An operation that raises is rolled back, and with it the count of failed attempts. So operations
that check a password or a code return `Tried`; their callers get its result, or its error.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from app.audit.event import Outcome
from app.identity.errors import Counted
from app.operations.context import Context

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Tried(Generic[Result]):
    """How an attempt ended: one of the two is there."""

    result: Result | None = None
    """Where it succeeded."""
    error: Counted | None = None
    """Where it failed, and was counted."""

    def unwrap(self) -> Result:
        """Return the result. Raise the error if it failed."""
        if self.error is not None:
            raise self.error
        if self.result is None:
            msg = "an attempt without result and without error"
            raise RuntimeError(msg)
        return self.result


def attempt(context: Context, action: Callable[[], Result]) -> Tried[Result]:
    """Run `action`; where it fails as counted, note the refusal and keep what it wrote."""
    try:
        return Tried(result=action())
    except Counted as error:
        context.event.outcome, context.event.error = Outcome.REFUSED, error.code
        return Tried(error=error)
