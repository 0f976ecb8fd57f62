"""V11: every kind of answer carries the security headers and tells nothing of the server."""

import re

import httpx
import pytest
from litestar import Litestar, get

from app.operations.context import Plane
from app.web import pages
from app.web.gate import BODY_BYTES, HEADER_BYTES, Gate
from tests.faces import Browser
from tests.running import Copy
from tests.security.conftest import Seat
from tests.security.walk import addresses
from tests.security.wire import ask

WANTED = {
    "content-security-policy": r"default-src 'none'",
    "x-content-type-options": r"^nosniff$",
    "x-frame-options": r"^DENY$",
    "x-permitted-cross-domain-policies": r"^none$",
    "referrer-policy": r"^(same-origin|no-referrer)$",
    "cross-origin-opener-policy": r"^same-origin$",
    "cross-origin-resource-policy": r"^same-origin$",
    "cross-origin-embedder-policy": r"^require-corp$",
    "server": r"^Tenshu$",
    "permissions-policy": r"camera=\(\)",
    "cache-control": r"no-store|immutable",
}
FORBIDDEN = (
    "x-powered-by",
    "x-aspnet-version",
    "x-runtime",
    "via",
    "access-control-allow-origin",
    "access-control-allow-credentials",
)


def shortcomings(answer: httpx.Response) -> list[str]:
    """Return what an answer's headers lack, or tell too much."""
    found = [
        name
        for name, pattern in WANTED.items()
        if not re.search(pattern, answer.headers.get(name, ""))
    ]
    found += [name for name in FORBIDDEN if name in answer.headers]
    if re.search(r"[\d/]", answer.headers.get("server", "")):
        found.append("server: " + answer.headers["server"])
    kinds = answer.headers.get_list("content-type")
    if len(kinds) > 1 or any(kind.count("charset") > 1 for kind in kinds):
        found.append("content-type")
    return found


def test_a_server_without_headers_is_found_by_this_check() -> None:
    @get("/")
    async def bare() -> str:
        return "x"

    answer = Browser(Litestar([bare], openapi_config=None), {}).get("/")  # type: ignore[arg-type]
    assert "content-security-policy" in shortcomings(answer)
    telling = httpx.Response(200, headers={"server": "Apache/2.4.1 (Unix)"})
    assert "server: Apache/2.4.1 (Unix)" in shortcomings(telling)


@pytest.mark.parametrize("plane", [Plane.CONSOLE, Plane.WORKSPACE])
def test_every_address_answers_with_the_security_headers_V11(
    seat: Seat, planes: dict[Plane, Gate], plane: Plane
) -> None:
    seen = set()
    for person in (seat("owner", plane), Browser(planes[plane], {})):
        for address in addresses(planes[plane]):
            answer = person.request(address.method, address.filled())
            seen.add(answer.status_code)
            assert shortcomings(answer) == [], (str(address), answer.status_code)
    assert {200, 303, 401, 404} <= seen


def test_every_refusal_carries_the_security_headers_V11(
    admin: Browser, stranger: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = [
        admin.get("/nothing"),
        admin.get("/api/v1/nothing"),
        admin.get("/jobs?after=" + "x" * 100),
        admin.request("DELETE", "/accounts"),
        admin.raw("TRACE", "/"),
        admin.raw("OPTIONS", "/"),
        stranger.get("/sign-in", headers={"host": "evil.example"}),
        stranger.get("/sign-in", headers={"host": "["}),
        stranger.get("/%ff"),
        stranger.raw("POST", "/sign-in"),
        stranger.post("/sign-in", content=b"a" * (BODY_BYTES + 1)),
        stranger.get("/sign-in", headers={"x-long": "a" * HEADER_BYTES}),
        stranger.get("/api/v1/accounts"),
    ]

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(pages, "show_result", broken)
    answers.append(admin.post("/history/export"))
    found = {answer.status_code for answer in answers}
    assert found == {400, 401, 403, 404, 405, 413, 421, 422, 431, 500}
    for answer in answers:
        assert shortcomings(answer) == [], answer.status_code


def test_strict_transport_is_asked_for_by_no_certificate_that_locks_people_out_V11(
    stranger: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The appliance's own is shown here: browsers know it only where somebody told them."""
    gate: Gate = stranger.application  # type: ignore[assignment]
    monkeypatch.setattr(gate, "hosts", gate.hosts | {"tenshu.example.jp"})
    for host in ("tenshu.example.jp", "localhost", "evil.example"):
        answer = stranger.get("/sign-in", headers={"host": host})
        assert "strict-transport-security" not in answer.headers
    for host in ("127.0.0.1", "[::1]:8443"):  # browsers pass over it there: nobody is shut out
        answer = stranger.get("/sign-in", headers={"host": host})
        assert "strict-transport-security" in answer.headers


def test_strict_transport_is_asked_for_everywhere_but_on_localhost_V11(
    stranger: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On `localhost` it would bind every other program that runs there."""
    gate: Gate = stranger.application  # type: ignore[assignment]
    monkeypatch.setattr(gate, "hosts", gate.hosts | {"tenshu.example.jp"})
    binding = gate.bound.__self__  # type: ignore[attr-defined]
    monkeypatch.setattr(binding, "holds", True)  # by a certificate that browsers trust
    for host in ("tenshu.example.jp", "127.0.0.1", "[::1]:8443"):
        for path in ("/sign-in", "/nothing", "/api/v1/accounts"):
            answer = stranger.get(path, headers={"host": host})
            age = re.search(r"max-age=(\d+)", answer.headers["strict-transport-security"])
            assert age
            assert int(age[1]) >= 31_536_000
    for host in ("localhost", "localhost:8443"):
        answer = stranger.get("/sign-in", headers={"host": host})
        assert "strict-transport-security" not in answer.headers


@pytest.mark.parametrize("plane", [Plane.CONSOLE, Plane.WORKSPACE])
def test_head_tells_what_get_would_without_its_body_V11(
    seat: Seat, planes: dict[Plane, Gate], plane: Plane
) -> None:
    """Whatever can be read can be asked for (RFC 9110, 9.1); the headers are no others."""
    person, seen = seat("owner", plane), 0
    for path in ("/", "/sign-in", "/health", "/account", "/nothing", "/api/v1/own/tokens"):
        read, told = person.get(path), person.request("HEAD", path)
        assert (told.status_code, told.content) == (read.status_code, b""), path
        assert shortcomings(told) == []
        changing = {"content-length", "set-cookie"}
        assert {*told.headers} - changing == {*read.headers} - changing, path
        seen += bool(read.content)
    assert seen >= 5
    stranger = Browser(planes[plane], {})
    assert stranger.request("HEAD", "/account").status_code == 303
    assert stranger.raw("OPTIONS", "/sign-in").headers["allow"] == "GET, HEAD, POST"
    assert stranger.raw("OPTIONS", "/sign-out").headers["allow"] == "POST"


def test_no_other_origin_may_read_an_answer_V11(admin: Browser) -> None:
    for path in ("/", "/api/v1/accounts", "/assets/tenshu.css", "/health"):
        answer = admin.get(path, headers={"origin": "https://evil.example"})
        assert not any(name.startswith("access-control") for name in answer.headers)
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"


def test_health_tells_only_that_all_is_well_V11(stranger: Browser) -> None:
    assert stranger.get("/health").json() == {"status": "ok"}


def test_the_running_server_names_no_version_and_speaks_no_plain_http_V11(copy: Copy) -> None:
    for base in (copy.console, copy.workspace):
        for path in ("/", "/sign-in", "/health", "/nothing", "/assets/x"):
            answer = ask(
                base,
                copy.authority,
                f"GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n",
            )
            assert answer.status in (200, 303, 404)
            assert answer.headers["server"] == "Tenshu", "not what serves it"
            assert "content-security-policy" in answer.headers
            assert "x-powered-by" not in answer.headers
        plain = ask(base, None, "GET / HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n", 5)
        assert plain.status in (0, 400)
        assert b"<html" not in plain.raw
