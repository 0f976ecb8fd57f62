"""Addresses of pages: plain functions, run in a thread because they read the database.

Litestar's own `sync_to_thread` wraps a handler anew each time another method joins its address,
and then answers with a coroutine; here the wrapping happens once.
"""

import functools
from collections.abc import Awaitable, Callable
from typing import ParamSpec, TypeVar

import litestar
from litestar.handlers import HTTPRouteHandler

from app.web.asking import AnyRequest
from app.web.threads import run_in_thread

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")
Handler = Callable[..., object]
Guard = Callable[[AnyRequest], None]


def get(path: str) -> Callable[[Handler], HTTPRouteHandler]:
    """Offer a function at GET `path`."""
    return lambda function: litestar.get(path, include_in_schema=False)(in_thread(function))


def post(path: str, guard: Guard | None = None) -> Callable[[Handler], HTTPRouteHandler]:
    """Offer a function at POST `path`; it answers 200 unless it says otherwise.

    A guard is asked before the body is read: who may not send much shall not send it first.
    """

    async def ask_guard(request: AnyRequest, _handler: object) -> None:
        if guard:
            await run_in_thread(guard, request)

    return lambda function: litestar.post(
        path,
        status_code=200,
        include_in_schema=False,
        guards=[ask_guard] if guard else None,  # type: ignore[list-item]  # a Request is asked
    )(in_thread(function))


def in_thread(function: Callable[Parameters, Result]) -> Callable[Parameters, Awaitable[Result]]:
    """Return an asynchronous function of the same signature that runs `function` in a thread."""

    @functools.wraps(function)
    async def run(*arguments: Parameters.args, **named: Parameters.kwargs) -> Result:
        return await run_in_thread(function, *arguments, **named)

    return run
