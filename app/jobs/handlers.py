"""Who does which kind of job.

    @handler("tables.import", unit="bytes")
    def run_import(run: Run, arguments: ImportArguments) -> ImportResult: ...

A handler works in batches. Each batch is an operation that calls `lease.advance(...)` in its own
transaction, so that the work and the point to continue from are committed together.
"""

import importlib
import inspect
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar, get_type_hints

import msgspec

import app
from app.jobs.errors import UnknownJobKind

if TYPE_CHECKING:
    from app.jobs.run import Run

DEFAULT_ATTEMPTS: Final = 5

Arguments = TypeVar("Arguments", bound=msgspec.Struct)


@dataclass(frozen=True, slots=True)
class Handler:
    """One kind of job."""

    kind: str
    function: "Callable[[Run, Any], msgspec.Struct | None]"
    arguments_type: type[msgspec.Struct]
    unit: str
    max_attempts: int
    abandoned: "Callable[[Run, Any], None] | None"
    """Cleans up when the job ends cancelled or failed."""


_handlers: dict[str, Handler] = {}


def handler(
    kind: str,
    *,
    unit: str,
    max_attempts: int = DEFAULT_ATTEMPTS,
    abandoned: "Callable[[Run, Any], None] | None" = None,
) -> "Callable[[Callable[[Run, Arguments], Any]], Callable[[Run, Arguments], Any]]":
    """Register a function of `(run, arguments)` as the one that does jobs of `kind`.

    `unit` is what its progress counts. `max_attempts` bounds the claims without progress.
    """

    def wrap(function: "Callable[[Run, Arguments], Any]") -> "Callable[[Run, Arguments], Any]":
        if kind in _handlers:
            msg = f"two handlers are called {kind}"
            raise ValueError(msg)
        second = list(inspect.signature(function).parameters)[1]
        _handlers[kind] = Handler(
            kind=kind,
            function=function,
            arguments_type=get_type_hints(function)[second],
            unit=unit,
            max_attempts=max_attempts,
            abandoned=abandoned,
        )
        return function

    return wrap


def handler_of(kind: str) -> Handler:
    """Return the handler of `kind`. Raise UnknownJobKind if there is none."""
    try:
        return _handlers[kind]
    except KeyError as error:
        raise UnknownJobKind(kind=kind) from error


def load_handlers() -> None:
    """Import every module `jobs.py` of `app`: where handlers and standing work are declared."""
    for module in pkgutil.walk_packages(app.__path__, "app."):
        if module.name.rpartition(".")[2] == "jobs" and not module.ispkg:
            importlib.import_module(module.name)
