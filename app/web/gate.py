"""What every request passes before routing, and every answer on its way out.

Plain ASGI around the application, because it must also cover what routing refuses.
"""

import asyncio
import contextlib
import logging
import re
import urllib.parse
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Final

from app.core.errors import TenshuError
from app.operations.context import Plane
from app.web.connections import body_deadline
from app.web.cookies import keep_own
from app.web.crossing import take
from app.web.errors import (
    BodyTooLarge,
    ForeignOrigin,
    HeadersTooLarge,
    MalformedRequest,
    MethodNotAllowed,
    RequestTooSlow,
    WrongHost,
)
from app.web.headers import security_headers
from appliance.contract.edge import LARGEST_UPLOAD_MEBIBYTES

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
AsgiApplication = Callable[[Scope, Receive, Send], Awaitable[None]]
Refusal = Callable[[Scope, TenshuError], AsgiApplication]
Bound = Callable[[str], bool]
"""Gets the host name that was asked for."""

_log = logging.getLogger("tenshu.web")

SAFE_METHODS: Final = frozenset({"GET", "HEAD"})
METHODS: Final = SAFE_METHODS | {"POST", "PUT", "PATCH", "DELETE"}
HEADER_BYTES: Final = 32 * 1024
ADDRESS_BYTES: Final = 4 * 1024
BODY_BYTES: Final = 1024 * 1024
SMALL_BODY_BYTES: Final = BODY_BYTES
"""What a refused request may still send and see its answer: as much as one that is not refused."""
SMALL_BODY_SECONDS: Final = 5
UPLOAD_BYTES: Final = 2 * 1024 * 1024 * 1024
LARGEST_EDGE_UPLOAD: Final = LARGEST_UPLOAD_MEBIBYTES * 1024 * 1024
"""Behind the edge, which holds uploads to what the machine's document allows."""
UPLOAD_PATH: Final = "/uploads"
LONGEST_NUMBER: Final = 18
"""Digits of a length in bytes; int() has a limit of its own, which it meets with a fault."""
HIGHEST_PORT: Final = 65_535
LOGGED: Final = frozenset({400, 403, 405, 408, 413, 415, 421, 422, 429, 431})
"""Refusals that an attempt to go around a control ends in (OWASP ASVS 16.3.3)."""
_HOST: Final = re.compile(r"(\[[0-9a-f:.]+\]|[^\s/?#@:\[\]\\]+)(?::([0-9]{1,5}))?")
"""`name`, `address` or `[address]`, and a port (RFC 9110 section 7.2); never a user's name."""


def never(_name: str) -> bool:
    """Bind no browser to HTTPS: behind the edge that is the edge's to say."""
    return False


class Gate:
    """Checks method, host, sizes, encoding and origin; strips foreign cookies; adds headers.

    Behind the edge, which knows the names of the machine and refuses all others, any name will do.
    """

    def __init__(
        self,
        application: AsgiApplication,
        plane: Plane,
        hosts: Iterable[str],
        refusal: Refusal,
        *,
        behind_edge: bool = False,
        bound: Bound = never,
    ) -> None:
        """`bound` tells whether browsers may be told to use nothing but HTTPS (HSTS)."""
        self.application = application
        self.plane = plane
        self.hosts = frozenset(name.lower() for name in hosts)
        self.refusal = refusal
        self.behind_edge = behind_edge
        self.bound = bound

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection scope of ASGI 3."""
        if scope["type"] != "http":
            await self.application(scope, receive, send)
            return
        take(scope, behind_edge=self.behind_edge)
        headers = dict(scope["headers"])
        host = headers.get(b"host", b"").decode("latin-1").lower()
        name = _name_of(host)
        send_on = self._with_headers(scope, send, name)
        try:
            self._check(scope, headers, host, name)
            receive_on = self._measured(scope, headers, receive)
        except TenshuError as error:
            # the refusal's page must not stumble over the very host that is refused
            scope["headers"] = [
                *((key, value) for key, value in scope["headers"] if key != b"host"),
                (b"host", b"localhost"),
            ]
            await _take_small_body(headers, receive)
            await self.refusal(scope, error)(scope, receive, send_on)
            return
        # HTTP/2 sends each cookie in a header of its own; they are one again (RFC 9113, 8.2.3)
        cookies = b"; ".join(value for key, value in scope["headers"] if key == b"cookie")
        scope["headers"] = [pair for pair in scope["headers"] if pair[0] != b"cookie"]
        if cookies:
            scope["headers"].append((b"cookie", keep_own(cookies, self.plane)))
        if scope["method"] == "HEAD":  # whatever can be read can be asked for (RFC 9110, 9.1)
            scope["method"], send_on = "GET", _without_body(send_on)
        await self.application(scope, receive_on, send_on)

    def _check(self, scope: Scope, headers: dict[bytes, bytes], host: str, name: str) -> None:
        if scope["method"] not in METHODS:
            raise MethodNotAllowed(method=scope["method"][:16])
        if not name or not (self.behind_edge or name in self.hosts):
            raise WrongHost(host=name[:255])
        raw: bytes = scope.get("raw_path") or scope["path"].encode("utf-8", "surrogateescape")
        if (
            len(raw) + len(scope["query_string"]) > ADDRESS_BYTES
            or sum(len(key) + len(value) for key, value in scope["headers"]) > HEADER_BYTES
        ):
            raise HeadersTooLarge(limit=HEADER_BYTES)
        _check_text(urllib.parse.unquote_to_bytes(raw))
        _check_text(urllib.parse.unquote_to_bytes(scope["query_string"].replace(b"+", b" ")))
        if scope["method"] not in SAFE_METHODS and not _is_token_alone(headers):
            site = headers.get(b"sec-fetch-site", b"")
            origin = headers.get(b"origin", b"").decode("latin-1").lower()
            if site != b"same-origin" or origin != f"https://{host}":
                raise ForeignOrigin

    def _measured(self, scope: Scope, headers: dict[bytes, bytes], receive: Receive) -> Receive:
        """Return a `receive` that stops at the limit, whatever Content-Length promised.

        It does not wait for ever either.
        """
        limit = BODY_BYTES
        if scope["path"] == UPLOAD_PATH:
            limit = LARGEST_EDGE_UPLOAD if self.behind_edge else UPLOAD_BYTES
        length = headers.get(b"content-length", b"0")
        if not length.isdigit() or len(length) > LONGEST_NUMBER:
            raise MalformedRequest(reason="Content-Length is no number")
        if int(length) > limit:
            raise BodyTooLarge(limit=limit)
        received, whole = 0, False
        clock = asyncio.get_running_loop().time
        began = clock()

        async def measured() -> dict[str, Any]:
            nonlocal received, whole
            if whole:  # what is waited for now is that the other side leaves
                return await receive()
            try:
                async with asyncio.timeout_at(body_deadline(began, clock(), received)):
                    message = await receive()
            except TimeoutError as error:
                raise RequestTooSlow from error
            received += len(message.get("body", b""))
            whole = not message.get("more_body", False)
            if received > limit:
                raise BodyTooLarge(limit=limit)
            return message

        return measured

    def _with_headers(self, scope: Scope, send: Send, name: str) -> Send:
        method, path = scope["method"][:16], scope["path"]  # as asked: they may change on the way

        async def send_on(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                if message["status"] in LOGGED:
                    peer = (scope.get("client") or ("",))[0]
                    _log.info("refused (%d): %s %s of %s", message["status"], method, path, peer)
                headers = list(message.get("headers", []))
                present = frozenset(bytes(key).lower() for key, _ in headers)
                headers += security_headers(present, bound=self.bound(name))
                message = {**message, "headers": headers}
            await send(message)

        return send_on


async def _take_small_body(headers: dict[bytes, bytes], receive: Receive) -> None:
    """Read what is still on its way of a request that is refused, where it is little.

    Else the connection is closed while the other side still sends, and it sees no answer.
    """
    length = headers.get(b"content-length", b"0")
    if not length.isdigit() or len(length) > LONGEST_NUMBER or int(length) > SMALL_BODY_BYTES:
        return
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(SMALL_BODY_SECONDS):
            while (await receive()).get("more_body", False):
                pass


def _without_body(send: Send) -> Send:
    """Return a `send` that tells of an answer what HEAD asks: status and headers."""

    async def send_on(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await send(message)

    return send_on


def _name_of(host: str) -> str:
    """Return the name or address that a Host header holds; nothing for what is no such header."""
    found = _HOST.fullmatch(host)
    if found is None or int(found[2] or 0) > HIGHEST_PORT:
        return ""
    return found[1].strip("[]")


def _check_text(raw: bytes) -> None:
    """Raise MalformedRequest for what is no UTF-8 text, or holds control characters."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MalformedRequest(reason="the address is not UTF-8") from error
    if any(character < " " and character not in "\t\r\n" for character in text) or "\x7f" in text:
        raise MalformedRequest(reason="the address holds control characters")


def _is_token_alone(headers: dict[bytes, bytes]) -> bool:
    """Tell whether a request carries a token and no cookie: no browser sends that by itself."""
    return headers.get(b"authorization", b"").startswith(b"Bearer ") and b"cookie" not in headers
