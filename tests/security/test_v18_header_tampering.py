"""V18: what a request claims in its headers gives no right, moves no address, makes no header."""

import pytest

from app.operations.context import Appliance, Plane
from app.web.gate import Gate
from tests.faces import PASSWORD, Browser, Owner
from tests.security.conftest import Seat, new_account
from tests.security.walk import addresses, scripts_in

CLAIMS = (
    {"x-forwarded-for": "127.0.0.1"},
    {"x-real-ip": "127.0.0.1"},
    {"x-forwarded-user": "hanako"},
    {"x-remote-user": "hanako"},
    {"remote-user": "hanako"},
    {"x-original-url": "/health"},
    {"x-rewrite-url": "/health"},
    {"x-forwarded-proto": "https"},
    {"x-forwarded-prefix": "/x"},
    {"x-ssl-client-verify": "SUCCESS"},
    {"x-ssl-client-s-dn": "CN=hanako"},
    {"forwarded": "for=::1"},
    {"authorization": "Basic aGFuYWtvOmhhbmFrbw=="},
    {"authorization": "Bearer "},
    {"authorization": "Bearer null"},
    {"authorization": "bearer x"},
    {"x-api-key": "x"},
    {"x-http-method-override": "DELETE"},
    {"x-tenshu-role": "owner"},
    {"x-admin": "1"},
    {"referer": "https://localhost/accounts"},
    {"x-custom-ip-authorization": "127.0.0.1"},
)
STRANGE_HOSTS = (
    "evil.example",
    "localhost.evil.example",
    "evil.example:443",
    "localhost@evil.example",
    "evil@localhost",
    "localhost/evil",
    "localhost evil",
    "localhost,evil.example",
    "[",
    "[::1",
    "[localhost]",
    "",
    " ",
    "localhost:99999999",
    "localhost:x",
    "::1",
    "127.0.0.1.",
    "0x7f000001",
    "2130706433",
    "localhost\\evil",
    "localhost?",
    "localhost#",
    "ｌｏｃａｌｈｏｓｔ",
    "%6cocalhost",
)


@pytest.mark.parametrize("claim", CLAIMS, ids=str)
def test_no_claim_opens_a_page_V18(stranger: Browser, owner: Owner, claim: dict[str, str]) -> None:
    for path in ("/accounts", "/settings", "/api/v1/accounts"):
        answer = stranger.get(path, headers=claim)
        assert answer.status_code in (303, 401), (path, claim)
        assert "hanako" not in answer.text


@pytest.mark.parametrize("host", STRANGE_HOSTS)
def test_a_foreign_host_is_refused_and_never_repeated_as_a_link_V18(
    stranger: Browser, host: str
) -> None:
    for path in ("/", "/sign-in", "/api/v1/accounts", "/health"):
        answer = stranger.raw("GET", path, headers=[(b"host", host.encode("utf-8"))])
        assert answer.status_code == 421, (host, path)
        assert scripts_in(answer.text) == []
        assert f"//{host}" not in answer.text or not host.strip()
        assert "location" not in answer.headers


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST", "localhost:8443", "127.0.0.1", "[::1]:8443"]
)
def test_its_own_names_are_taken_V18(stranger: Browser, host: str) -> None:
    assert stranger.get("/sign-in", headers={"host": host}).status_code == 200


def test_a_redirect_never_leaves_for_a_host_from_a_header_V18(stranger: Browser) -> None:
    for headers in (
        {"x-forwarded-host": "evil.example"},
        {"x-host": "evil.example"},
        {"forwarded": "host=evil.example"},
    ):
        answer = stranger.get("/accounts", headers=headers)
        assert answer.headers["location"].startswith("/sign-in")
        assert "evil.example" not in answer.text + str(answer.headers)


@pytest.mark.parametrize("break_", ["%0d%0a", "%0a", "%0d", "\u560d\u560a", "%e5%98%8d%e5%98%8a"])
def test_no_line_break_of_an_address_makes_a_header_V18(
    stranger: Browser, owner: Owner, break_: str
) -> None:
    planted = f"x{break_}set-cookie:%20evil=1{break_}{break_}<script>"
    for path in (
        f"/accounts?q={planted}",
        f"/accounts/{planted}",
        f"/sign-in?back=/{planted}",
        f"/{planted}",
        f"/api/v1/accounts?search={planted}",
    ):
        answer = stranger.get(path)
        assert answer.status_code < 500
        assert "evil" not in answer.headers.get("set-cookie", "")
        for name, value in answer.headers.multi_items():
            assert not set("\r\n") & set(name + value)


def test_the_lock_out_goes_by_the_real_peer_whatever_a_header_claims_V18(
    stranger: Browser, appliance: Appliance
) -> None:
    """Else each guess would only need a new X-Forwarded-For."""
    new_account(appliance, "staff", login_id="victim")
    answers = [
        stranger.post(
            "/sign-in",
            {"login_id": f"nobody{number}", "password": "wrong"},
            headers={"x-forwarded-for": f"203.0.113.{number}", "x-real-ip": f"203.0.113.{number}"},
        ).status_code
        for number in range(32)
    ]
    assert answers[0] == 401
    assert answers[-1] == 429


def test_a_guesser_waits_also_under_the_right_password_V18(
    workspace_application: Gate, appliance: Appliance
) -> None:
    new_account(appliance, "staff", login_id="victim")
    person = Browser(workspace_application, {})
    tried = [
        person.post("/sign-in", {"login_id": "victim", "password": "x"}).status_code
        for _ in range(6)
    ]
    assert tried == [401] * 5 + [429]
    right = person.post("/sign-in", {"login_id": "VICTIM", "password": PASSWORD})
    assert right.status_code == 429


@pytest.mark.parametrize(
    "headers",
    [
        {"accept-language": "x" * 5000},
        {"accept-language": "../../etc/passwd"},
        {"accept-language": ";q=;;;,,,"},
        {"accept": "\\x00"},
        {"accept-encoding": "gzip;q=x,,"},
        {"user-agent": ""},
        {"user-agent": "a" * 8000},
        {"range": "bytes=0-0,1-1,2-2"},
        {"if-none-match": "*"},
        {"if-modified-since": "x"},
        {"content-type": "x"},
        {"content-type": "multipart/form-data"},
        {"content-encoding": "gzip"},
        {"expect": "x"},
        {"transfer-encoding": "x"},
        {"cookie": "=;=;;;\t"},
        {"cookie": "a"},
        {"te": "trailers"},
        {"upgrade": "websocket", "connection": "upgrade"},
        {"x-forwarded-for": "\xe9" * 100},
    ],
    ids=lambda headers: str(headers)[:40],
)
def test_strange_headers_are_no_fault_V18(
    admin: Browser, stranger: Browser, headers: dict[str, str]
) -> None:
    raw = {name: value.encode("latin-1") for name, value in headers.items()}
    for person, path in ((stranger, "/sign-in"), (admin, "/accounts"), (admin, "/history")):
        answer = person.raw("GET", path, headers=raw)
        assert answer.status_code in (200, 303, 400), answer.status_code
    answer = stranger.post("/sign-in", content=b"\x1f\x8bxx", headers=raw)
    assert answer.status_code in (400, 401, 413)


@pytest.mark.parametrize(
    "kind",
    ["text/plain", "text/html", "application/json", "multipart/form-data; boundary=x", "x/y", ""],
)
def test_a_body_of_another_kind_is_not_taken_for_a_form_V18(admin: Browser, kind: str) -> None:
    body = b'{"name": "M", "login_id": "mallory"}'
    answer = admin.post("/accounts/new", content=body, headers={"content-type": kind})
    assert answer.status_code in (400, 422)


def test_what_a_proxy_claims_is_noted_and_the_peer_stays_the_peer_F5(
    seat: Seat, admin: Browser
) -> None:
    stranger = Browser(admin.application, {}, peer="192.0.2.55")
    claimed = {"x-forwarded-for": "198.51.100.1, 10.0.0.1"}
    stranger.post("/sign-in", {"login_id": "x", "password": "y"}, headers=claimed)
    rows = admin.get("/api/v1/events?verb=sign_in.start").json()["rows"]
    assert rows[0]["peer"] == "192.0.2.55"
    assert rows[0]["claimed"] == "10.0.0.1"


@pytest.mark.parametrize("plane", [Plane.CONSOLE, Plane.WORKSPACE])
def test_no_address_answers_to_a_method_that_it_does_not_have_V18(
    planes: dict[Plane, Gate], seat: Seat, plane: Plane
) -> None:
    person = seat("owner", plane)
    known: dict[str, set[str]] = {}
    for address in addresses(planes[plane]):
        known.setdefault(address.filled(), set()).add(address.method)
    for path, methods in known.items():
        if "GET" in methods:
            methods.add("HEAD")
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"} - methods:
            answer = person.request(method, path)
            assert answer.status_code == 405, (method, path)
