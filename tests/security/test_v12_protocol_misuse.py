"""V12: what is no proper HTTP is refused, and no request hides inside another."""

import contextlib
import socket
import ssl
import threading
import time

import pytest

from tests.integration.sockets import established
from tests.running import Copy
from tests.security.wire import Answer, ask, connection, read_all

CLOSE = "connection: close\r\n\r\n"
HOST = "host: 127.0.0.1\r\n"


@pytest.fixture
def say(copy: Copy):
    """Send bytes to the console and return the answer."""

    def send(request: str | bytes, timeout: float = 10) -> Answer:
        return ask(copy.console, copy.authority, request, timeout)

    return send


def test_an_ordinary_request_is_answered(say) -> None:
    """Else every refusal below would prove nothing."""
    assert say(f"GET /health HTTP/1.1\r\n{HOST}{CLOSE}").status == 200


@pytest.mark.parametrize(
    "method", ["TRACE", "TRACK", "OPTIONS", "DEBUG", "PROPFIND", "SEARCH", "FOO", "get"]
)
def test_methods_that_no_page_has_are_refused_and_echo_nothing_V12(say, method: str) -> None:
    answer = say(f"{method} /health HTTP/1.1\r\n{HOST}x-probe: echo-me\r\n{CLOSE}")
    assert answer.status in (400, 405, 501)
    assert b"echo-me" not in answer.raw


def test_it_is_nobody_s_proxy_V12(say) -> None:
    for line in (
        "CONNECT example.org:443 HTTP/1.1",
        "GET http://example.org/ HTTP/1.1",
        "GET https://example.org/health HTTP/1.1",
    ):
        answer = say(f"{line}\r\nhost: example.org\r\n{CLOSE}")
        assert answer.status in (0, 400, 405, 421), line


def test_old_and_broken_versions_get_no_page_V12(say) -> None:
    for line in (
        "GET /sign-in",
        "GET /sign-in HTTP/0.9",
        "GET /sign-in HTTP/3.7",
        "GET /sign-in HTTP/1.1 x",
        "GET  /sign-in  HTTP/1.1",
        "/sign-in",
        "\0\1\2\3",
    ):
        answer = say(f"{line}\r\n{HOST}{CLOSE}", 5)
        assert answer.status in (0, 400, 505), line
        assert b"<html" not in answer.raw
    plain = say(f"GET /health HTTP/1.0\r\n{HOST}\r\n")
    assert plain.status in (200, 400, 505)
    assert say("GET /health HTTP/1.0\r\n\r\n").status in (400, 421), "no host, no page"
    assert say(f"GET /health HTTP/1.1\r\n{CLOSE}").status in (400, 421)


HIDDEN = f"GET /sign-in HTTP/1.1\r\n{HOST}\r\n"


@pytest.mark.parametrize(
    ("name", "request_"),
    [
        (
            "CL.TE",
            (
                f"POST /health HTTP/1.1\r\n{HOST}content-length: 6\r\n"
                "transfer-encoding: chunked\r\n\r\n0\r\n\r\nG"
            ),
        ),
        (
            "TE.CL",
            (
                f"POST /health HTTP/1.1\r\n{HOST}content-length: 4\r\n"
                f"transfer-encoding: chunked\r\n\r\n5c\r\n{HIDDEN}\r\n0\r\n\r\n"
            ),
        ),
        (
            "two lengths",
            (
                f"POST /health HTTP/1.1\r\n{HOST}content-length: 0\r\n"
                f"content-length: {len(HIDDEN)}\r\n\r\n{HIDDEN}"
            ),
        ),
        ("a list of lengths", f"POST /health HTTP/1.1\r\n{HOST}content-length: 0, 5\r\n\r\nabcde"),
        (
            "unknown coding",
            (
                f"POST /health HTTP/1.1\r\n{HOST}"
                f"transfer-encoding: xchunked\r\ncontent-length: 0\r\n\r\n{HIDDEN}"
            ),
        ),
        (
            "coding twice",
            (
                f"POST /health HTTP/1.1\r\n{HOST}transfer-encoding: chunked\r\n"
                f"transfer-encoding: identity\r\n\r\n0\r\n\r\n{HIDDEN}"
            ),
        ),
        (
            "tab in the coding",
            (
                f"POST /health HTTP/1.1\r\n{HOST}"
                f"transfer-encoding:\tx\x0bchunked\r\n\r\n0\r\n\r\n{HIDDEN}"
            ),
        ),
        (
            "space before colon",
            (f"POST /health HTTP/1.1\r\n{HOST}content-length : 0\r\n\r\n{HIDDEN}"),
        ),
        ("folded header", f"POST /health HTTP/1.1\r\n{HOST}x: a\r\n content-length: 9\r\n\r\n"),
        ("a plus", f"POST /health HTTP/1.1\r\n{HOST}content-length: +5\r\n\r\nabcde"),
        (
            "bad chunk",
            (
                f"POST /health HTTP/1.1\r\n{HOST}transfer-encoding: chunked\r\n\r\n"
                f"0x1\r\na\r\n0\r\n\r\n{HIDDEN}"
            ),
        ),
        ("NUL in a header", f"GET /health HTTP/1.1\r\n{HOST}x: a\0b\r\n\r\n"),
        ("line feed in a header", f"GET /health HTTP/1.1\r\n{HOST}x: a\rb\r\n\r\n"),
        ("two hosts", f"GET /health HTTP/1.1\r\n{HOST}host: evil.example\r\n{CLOSE}"),
    ],
    ids=lambda value: value if len(value) < 30 else "",
)
def test_no_second_request_hides_in_the_first_V12(say, name: str, request_: str) -> None:
    answer = say(request_)
    assert answer.answers <= 1, answer.raw[-500:]
    assert answer.status in (0, 400, 403, 405, 413, 421, 501), answer.raw[:300]
    assert b"sign-in" not in answer.raw, "the hidden request was served"


def test_a_pipeline_of_honest_requests_would_be_seen_by_this_check(say) -> None:
    one = f"GET /health HTTP/1.1\r\n{HOST}\r\n"
    assert say(one + one.replace("\r\n\r\n", f"\r\n{CLOSE}")).answers == 2


def test_headers_that_never_end_are_cut_V12(say) -> None:
    endless = f"GET /health HTTP/1.1\r\n{HOST}" + "".join(
        f"x-{number}: {'a' * 200}\r\n" for number in range(2000)
    )
    answer = say(endless, 25)
    assert answer.status in (0, 400, 431)


def hold(copy: Copy, said: str = "", *, window: int = 0) -> socket.socket:
    """Open a connection to the console, say something, and from then on do nothing."""
    plain = socket.socket()
    if window:
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
    plain.settimeout(60)
    plain.connect(("127.0.0.1", port_of(copy)))
    trust = ssl.create_default_context(cafile=copy.authority)
    stream = trust.wrap_socket(plain, server_hostname="127.0.0.1")
    stream.sendall(said.encode())
    return stream


def port_of(copy: Copy) -> int:
    return int(copy.console.rpartition(":")[2])


def test_whoever_holds_connections_keeps_nobody_else_out_and_all_of_them_end_V12(
    copy: Copy,
) -> None:
    """Slowloris: silence, slow headers, slow bodies, and answers that nobody takes."""
    form = (
        f"POST /sign-in HTTP/1.1\r\nhost: 127.0.0.1:{port_of(copy)}\r\n"
        f"origin: https://127.0.0.1:{port_of(copy)}\r\nsec-fetch-site: same-origin\r\n"
        "content-type: application/x-www-form-urlencoded\r\ncontent-length: 1000\r\n\r\na=b"
    )
    many = f"GET /api/v1/openapi.json HTTP/1.1\r\n{HOST}\r\n" * 80  # more than any buffer holds
    with contextlib.ExitStack() as opened:
        held = [
            opened.enter_context(stream)
            for stream in (
                *(hold(copy) for _ in range(150)),
                *(hold(copy, f"GET /health HTTP/1.1\r\n{HOST}x-slow") for _ in range(75)),
                *(hold(copy, form) for _ in range(150)),
                *(hold(copy, many, window=4096) for _ in range(10)),
            )
        ]
        clients = {stream.getsockname()[1] for stream in held}
        assert established(port_of(copy), clients) > 256, "granian's own limit is seen by this"
        until, pause = time.monotonic() + 150, threading.Event()
        while left := established(port_of(copy), clients):
            assert time.monotonic() < until, f"{left} are still held"
            answer = ask(copy.console, copy.authority, f"GET /health HTTP/1.1\r\n{HOST}{CLOSE}")
            assert answer.status == 200
            pause.wait(0.5)


def test_who_is_refused_before_all_is_sent_still_sees_why_V12(copy: Copy) -> None:
    """A client sends headers and body one after the other, and must not run into a closed door."""
    head = f"POST /sign-in HTTP/1.1\r\n{HOST}content-length: 4000\r\n\r\n"
    for _ in range(5):
        with connection(copy.console, copy.authority) as stream:
            stream.sendall(head.encode())
            stream.settimeout(0.3)
            with pytest.raises(TimeoutError):
                stream.recv(1)  # not answered while the rest is on its way
            stream.settimeout(20)
            stream.sendall(b"a" * 4000)
            assert Answer(read_all(stream)).status == 403


def test_a_connection_that_says_nothing_serves_nobody_else_worse_V12(copy: Copy) -> None:
    with connection(copy.console, copy.authority):
        answer = ask(copy.console, copy.authority, f"GET /health HTTP/1.1\r\n{HOST}{CLOSE}")
        assert answer.status == 200
