"""The REST API: every operation that declares a route, under /api/v1, and nothing else."""

import logging
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final, cast
from urllib.parse import quote

import msgspec
from litestar import HttpMethod, Response, route
from litestar.handlers import HTTPRouteHandler
from litestar.response import Stream

from app.core.errors import InvalidInput, TenshuError
from app.core.messages import mark
from app.operations.context import Context, Plane
from app.operations.download import Download
from app.operations.operation import Operation, decode_fields
from app.operations.registry import all_operations
from app.web.asking import AnyRequest, context_of
from app.web.errors import MalformedRequest
from app.web.nul import refuse_nul
from app.web.schema import as_invalid_input, encode
from app.web.threads import run_in_thread

PREFIX: Final = "/api/v1"
REPEAT_HEADER: Final = "Idempotency-Key"
REPEAT_KEY: Final = re.compile(r"[A-Za-z0-9._:-]{1,64}")
"""A program's name for one change: a UUID, say."""

log = logging.getLogger("tenshu.web")


def offered(plane: Plane) -> list[Operation[Any, Any]]:
    """Return the operations that the plane's API offers."""
    return [found for found in all_operations() if found.route and plane in found.planes]


def api_handlers(plane: Plane) -> list[HTTPRouteHandler]:
    """Return one litestar handler an offered operation."""
    return [_handler(operation) for operation in offered(plane)]


def _handler(operation: Operation[Any, Any]) -> HTTPRouteHandler:
    declared = operation.route
    if declared is None:
        raise ValueError(operation.name)

    async def handle(request: AnyRequest) -> Response[Any]:
        body = await request.body() if declared.method not in ("GET", "DELETE") else b""
        return await run_in_thread(_run, operation, request, body)

    handle.__name__ = operation.name.replace(".", "_")
    path = PREFIX + declared.path.replace("}", ":str}")
    return route(
        path,
        http_method=HttpMethod(declared.method),
        status_code=declared.status,
        include_in_schema=False,
    )(handle)


def _run(operation: Operation[Any, Any], request: AnyRequest, body: bytes) -> Response[Any]:
    context = context_of(request)
    # a page of ours that asks here shows what it gets: no more than the page itself would
    context = replace(context, through_api=bool(context.actor.token))
    try:
        context.repeat_key = _repeat_key(request)
        asked = read_request(operation, request, body)
    except TenshuError:
        _keep_out(context, operation)
        raise
    result = operation(context, asked)
    if isinstance(result, Download):
        return send_download(result)
    status = operation.route.status if operation.route else 200
    return Response(encode(result), status_code=status, media_type="application/json")


def _repeat_key(request: AnyRequest) -> str:
    """Return the key that a program gave its change; empty without one. Raise InvalidInput."""
    key = request.headers.get(REPEAT_HEADER, "")
    key = key[1:-1] if len(key) > 1 and key[0] == key[-1] == '"' else key
    if key and not REPEAT_KEY.fullmatch(key):
        reason = mark("Letters, digits, and . _ : - only, 64 at most.")
        raise InvalidInput(field=REPEAT_HEADER, reason=reason)
    return key


def _keep_out(context: Context, operation: Operation[Any, Any]) -> None:
    """Tell nobody how to ask better who may not ask. Raise SignInNeeded or NotAllowed."""
    if not context.actor.rights.allows_somewhere(operation.permission):
        context.require(operation.permission)


def send_download(download: Download) -> Stream:
    """Return a download as a streamed answer that a browser saves."""
    return Stream(
        _told(download),
        headers={
            "content-type": download.media_type,
            "content-disposition": content_disposition(download.filename),
        },
    )


def _told(download: Download) -> Iterator[bytes]:
    """Return the chunks; where they break off, the browser sees it, and the log says why."""
    try:
        yield from download.chunks
    except Exception:
        log.exception("the download of %s broke off", download.filename)
        raise


def content_disposition(filename: str) -> str:
    """Return the header for a file name in any language (RFC 6266, RFC 8187)."""
    plain = "".join(
        character if character.isascii() and (character.isalnum() or character in "-_.") else "_"
        for character in filename
    )
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(filename, safe='')}"


def read_request(
    operation: Operation[Any, Any], request: AnyRequest, body: bytes
) -> msgspec.Struct:
    """Return the request of an operation: path, then query (GET) or JSON body.

    Raise InvalidInput naming the field, or MalformedRequest for what is no JSON object.
    """
    fields: dict[str, Any] = {}
    if body:
        try:
            fields = msgspec.json.decode(body, type=dict[str, Any])
        except msgspec.ValidationError as error:
            raise MalformedRequest(reason="the body is no JSON object") from error
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise MalformedRequest(reason="the body is no JSON") from error
    else:
        for name, value in request.query_params.multi_items():
            known = fields.get(name)
            fields[name] = value if known is None else _several(known, value)
    for name, value in request.path_params.items():
        if name in fields and fields[name] != value:
            raise InvalidInput(field=name, reason="The address says something else.")
        fields[name] = value
    known_names = set(operation.request_type.__struct_encode_fields__)
    for name in fields:
        if name not in known_names:
            raise InvalidInput(field=str(name)[:64], reason="There is no such field.")
    refuse_nul(fields)
    try:
        return cast("msgspec.Struct", _decoded(operation, fields, request.path_params, bool(body)))
    except msgspec.ValidationError as error:
        raise as_invalid_input(error) from error


def _decoded(
    operation: Operation[Any, Any], fields: dict[str, Any], in_path: dict[str, Any], is_json: bool
) -> Any:  # noqa: ANN401 - the operation's own request
    asked = decode_fields(fields, operation.request_type)
    if not is_json:
        return asked
    # in JSON `0` is not `false`, nor `"1"` a number; in the address all are texts
    typed = {name: getattr(asked, name) for name in in_path}
    return decode_fields(fields | typed, operation.request_type, strict=True)


def _several(known: Any, value: str) -> list[str]:  # noqa: ANN401 - one text or several
    return [*known, value] if isinstance(known, list) else [known, value]
