"""V12: what is no proper HTTP is refused, and no request hides inside another."""

import socket
import ssl
import time

import pytest

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


def test_slow_headers_are_cut_and_meanwhile_others_are_served_V12(copy: Copy) -> None:
    """Slowloris: twenty connections that send one header a while; the server ends them."""
    opened: list[ssl.SSLSocket] = []
    trust = ssl.create_default_context(cafile=copy.authority)
    port = int(copy.console.rpartition(":")[2])
    for _ in range(20):
        plain = socket.create_connection(("127.0.0.1", port), timeout=30)
        stream = trust.wrap_socket(plain, server_hostname="127.0.0.1")
        stream.sendall(f"GET /health HTTP/1.1\r\n{HOST}x-slow".encode())
        opened.append(stream)
    begun = time.monotonic()
    assert ask(copy.console, copy.authority, f"GET /health HTTP/1.1\r\n{HOST}{CLOSE}").status == 200
    closed = 0
    for stream in opened:
        stream.settimeout(max(1, 25 - (time.monotonic() - begun)))
        with stream:
            answer = Answer(read_all(stream, 1))
            assert answer.status in (0, 400, 408), answer.raw[:100]
            closed += 1
    assert closed == 20
    assert time.monotonic() - begun < 30


def test_a_connection_that_says_nothing_serves_nobody_else_worse_V12(copy: Copy) -> None:
    with connection(copy.console, copy.authority):
        answer = ask(copy.console, copy.authority, f"GET /health HTTP/1.1\r\n{HOST}{CLOSE}")
        assert answer.status == 200
