"""The whole product behind its own edge: nginx on the planned configuration, planes on sockets."""

import contextlib
import os
import re
import signal
import socket
import ssl
import threading
import time
from collections.abc import Iterator

import hpack
import httpx
import pyotp
import pytest

from app.operations.context import Plane
from app.web.cookies import session_cookie_name
from appliance.contract.edge import CLEARED, Told
from tests.faces import PASSWORD
from tests.integration.edge import Edge, before, short_root
from tests.running import Copy, parent_of, start_copy, wait_until
from tests.security.wire import ask

CONSOLE, WORKSPACE = session_cookie_name(Plane.CONSOLE), session_cookie_name(Plane.WORKSPACE)
IMPATIENT = """
[edge]
header_seconds = 5
body_seconds = 5
idle_seconds = 5
requests_per_second = 1000
[firewall]
connections_per_source = 1000
[access]
console = ["office"]
trusted_proxies = ["127.0.0.2"]
[access.lists.office]
networks = ["127.0.0.0/8", "198.51.100.0/24"]
"""
FORGED = "203.0.113.66"
MANY = 300
LONGEST = 30
"""Seconds after which nobody may still hold what they do not use (METI-20)."""


@pytest.fixture(scope="module")
def copy() -> Iterator[Copy]:
    with short_root() as root, start_copy(root, TENSHU_EDGE="1") as started:
        yield started


@pytest.fixture(scope="module")
def edge(copy: Copy) -> Iterator[Edge]:
    with short_root() as root, before(copy, root, IMPATIENT) as made:
        yield made


def browser(edge: Edge, plane: str, **options) -> httpx.Client:
    base = edge.base(plane)
    headers = {"sec-fetch-site": "same-origin", "origin": base, "accept-language": "en"}
    return edge.client(plane, headers=headers, **options)


@pytest.fixture(scope="module")
def owner(copy: Copy, edge: Edge) -> Iterator[httpx.Client]:
    """The first administrator, who has claimed the appliance and signed in, all through nginx."""
    with browser(edge, "console", http2=True) as console:
        assert copy.claim_code
        assert console.post("/setup/claim", data={"code": copy.claim_code}).status_code == 303
        person = {
            "login_id": "hanako",
            "name": "山田 花子",
            "password": PASSWORD,
            "again": PASSWORD,
            "language": "ja",
        }
        assert console.post("/setup/person", data=person).status_code == 303
        secret = re.search(r"\b([A-Z2-7]{32})\b", console.get("/setup").text)
        assert secret
        code = pyotp.TOTP(secret[1]).now()
        done = console.post("/setup/factor", data={"answer": code})
        assert done.status_code == 200, done.text
        yield console


def test_a_person_works_behind_the_edge_and_only_where_they_signed_in_V15(
    edge: Edge, owner: httpx.Client
) -> None:
    assert owner.get("/account").status_code == 200
    session = owner.cookies[CONSOLE]
    with browser(edge, "workspace") as workspace:
        for name in (CONSOLE, WORKSPACE):
            headers = {"cookie": f"{name}={session}"}
            assert workspace.get("/account", headers=headers).status_code == 303, name
        asked = workspace.post("/sign-in", data={"login_id": "hanako", "password": PASSWORD})
        assert asked.status_code in (200, 303), asked.text
        assert WORKSPACE in "".join(workspace.cookies)
    forged = owner.post("/sign-out", headers={"origin": edge.base("workspace")})
    assert forged.status_code == 403, "the other port is another origin"
    assert owner.get("/account").status_code == 200


def test_the_history_knows_the_true_client_and_no_forged_one_F5(
    edge: Edge, owner: httpx.Client
) -> None:
    forged = dict.fromkeys((*Told, *CLEARED), FORGED)
    wrong = {"login_id": "nobody", "password": "wrong"}
    own = {"origin": edge.base("console", "127.0.0.1")}
    with browser(edge, "console", source="127.0.0.7") as client:
        client.post("/sign-in", data=wrong, headers={**forged, **own})
    proxied = {"x-forwarded-for": f"{FORGED}, 198.51.100.7", **own}
    with browser(edge, "console", source="127.0.0.2") as proxy:
        proxy.post("/sign-in", data=wrong, headers=proxied)
    rows = owner.get("/api/v1/events?verb=sign_in.start").json()["rows"]
    seen = [(row["peer"], row.get("claimed", "")) for row in rows[:2]]
    assert seen == [("198.51.100.7", ""), ("127.0.0.7", FORGED)]


@pytest.mark.parametrize(
    "body",
    [
        "content-length: 6\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\nG",
        "content-length: 0\r\ncontent-length: 5\r\n\r\nabcde",
        "transfer-encoding: xchunked\r\n\r\n0\r\n\r\n",
    ],
)
def test_no_request_is_smuggled_through_the_edge_V12(edge: Edge, body: str) -> None:
    request = f"POST /health HTTP/1.1\r\nhost: localhost\r\n{body}"
    answer = ask(edge.base("console"), edge.trust, request)
    assert answer.status in (0, 400, 501), answer.raw[:200]
    assert answer.answers <= 1


def http1(_: int) -> tuple[bytes, bytes]:
    return b"POST /sign-in HTTP/1.1\r\nhost: localhost\r\n", b"x-a: b\r\n"


def http1_body(port: int) -> tuple[bytes, bytes]:
    head = "\r\n".join(f"{name}: {value}" for name, value in form(port))
    return f"POST /sign-in HTTP/1.1\r\nhost: localhost:{port}\r\n{head}\r\n\r\n".encode(), b"x"


def http2(_: int) -> tuple[bytes, bytes]:
    """A head that is never complete: empty frames go on with it."""
    return http2_head([], HEADERS, 0), frame(CONTINUATION, 0, b"")


def http2_body(port: int) -> tuple[bytes, bytes]:
    return http2_head(form(port), HEADERS, END_OF_HEAD, port), frame(DATA, 0, b"x")


def http2_head(more: list[tuple[str, str]], kind: int, flags: int, port: int = 0) -> bytes:
    place = f"localhost:{port}" if port else "localhost"
    head = [
        (":method", "POST"), (":path", "/sign-in"), (":scheme", "https"), (":authority", place)
    ]  # fmt: skip
    packed = frame(kind, flags, hpack.Encoder().encode([*head, *more]))
    return b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(SETTINGS, 0, b"", 0) + packed


def frame(kind: int, flags: int, body: bytes, stream: int = 1) -> bytes:
    """RFC 9113, 4.1."""
    return len(body).to_bytes(3) + bytes([kind, flags]) + stream.to_bytes(4) + body


def form(port: int) -> list[tuple[str, str]]:
    own = f"https://localhost:{port}"
    length = ("content-length", "100000")
    return [("sec-fetch-site", "same-origin"), ("origin", own), length]


DATA, HEADERS, SETTINGS, CONTINUATION = 0, 1, 4, 9
END_OF_HEAD = 4
SLOW = {
    "handshakes": lambda _: (b"", b""),
    "headers": http1,
    "bodies": http1_body,
    "headers of HTTP/2": http2,
    "bodies of HTTP/2": http2_body,
}
"""What is said at first, and then again and again, to a port."""


class Slow(threading.Thread):
    """A connection that is held open; `lived` tells for how many seconds."""

    def __init__(self, edge: Edge, kind: str, pause: float) -> None:
        super().__init__()
        self.port, self.trust, self.pause = edge.facts.console_port, edge.trust, pause
        self.first, self.again = SLOW[kind](self.port)
        self.protocol = "h2" if "HTTP/2" in kind else "http/1.1"
        self.lived = 0.0

    def run(self) -> None:
        began = time.monotonic()
        with contextlib.suppress(OSError), contextlib.ExitStack() as open_now:
            place = ("127.0.0.1", self.port)
            stream = open_now.enter_context(socket.create_connection(place, timeout=60))
            if self.first:
                trust = ssl.create_default_context(cafile=self.trust)
                trust.set_alpn_protocols([self.protocol])
                secure = trust.wrap_socket(stream, server_hostname="localhost")
                stream = open_now.enter_context(secure)
                stream.sendall(self.first)
            self._go_on(stream, began)
        self.lived = time.monotonic() - began

    def _go_on(self, stream: socket.socket, began: float) -> None:
        stream.settimeout(self.pause)
        while time.monotonic() - began < 2 * LONGEST:
            try:
                if not stream.recv(4096):
                    return
            except TimeoutError:
                stream.sendall(self.again)


def lives(edge: Edge, slow: list[Slow]) -> list[float]:
    """Hold all of these open, see that others are served meanwhile, return how long each lived."""
    for one in slow:
        one.start()
    waited = []
    while living := [one for one in slow if one.is_alive()]:
        began = time.monotonic()
        with edge.client("console", source="127.0.0.3") as client:
            assert client.get("/health").status_code == 200
        waited.append(time.monotonic() - began)
        living[-1].join(0.5)
    assert max(waited) < 5, "meanwhile everybody else is served"
    return [one.lived for one in slow]


def test_who_is_slow_is_cut_and_others_are_served_METI_20(edge: Edge) -> None:
    """Five seconds: the shortest limits that a document may have, all kinds at once.

    Headers trickle; of bodies, whose limit as a whole is longer, nothing more comes.
    """
    pauses = {"handshakes": 1, "headers": 1, "bodies": LONGEST}
    lived = lives(edge, [Slow(edge, kind, pause) for kind, pause in pauses.items() for _ in "123"])
    assert max(lived) < 10, lived


@pytest.mark.slow
@pytest.mark.parametrize("kind", [kind for kind in SLOW if kind != "handshakes"])
def test_three_hundred_slow_ones_are_cut_within_thirty_seconds_METI_20(
    edge: Edge, kind: str
) -> None:
    """Pieces come quicker than the pause that is allowed, so it is the whole that is timed."""
    lived = lives(edge, [Slow(edge, kind, 4) for _ in range(MANY)])
    assert len(lived) == MANY
    assert max(lived) < LONGEST, sorted(lived)[-5:]


def test_a_killed_plane_is_back_on_its_socket_and_the_edge_says_so_meanwhile_S7(
    copy: Copy, edge: Edge
) -> None:
    main = copy.main_process("app.web.serve console")
    os.kill(main, signal.SIGKILL)
    seen: list[int] = []

    def is_back() -> bool:
        started = {
            pid
            for pid, line in copy.processes().items()
            if "app.web.serve console" in line and parent_of(pid) == copy.process.pid
        }
        with edge.client("console") as client:
            seen.append(client.get("/health").status_code)
        return bool(started - {main}) and seen[-1] == 200

    wait_until(is_back, "the console answers", 30)
    assert set(seen) <= {200, 503}, "nobody sees anything else"
