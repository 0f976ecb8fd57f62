"""Small servers with a fault planted in them: a scan that does not find it has seen nothing."""

import contextlib
import http.server
import sqlite3
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from appliance.contract.certificates.folder import Folder


@dataclass(frozen=True)
class Page:
    """What a planted server answers."""

    body: bytes
    status: int = 200
    headers: tuple[tuple[str, str], ...] = (("content-type", "text/html; charset=utf-8"),)


Answer = Callable[[str, dict[str, str]], Page]
"""Takes path and parameters (of query or form)."""


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers GET and POST with what the server's function returns."""

    protocol_version = "HTTP/1.1"
    timeout = 20
    server: "Server"

    def do_GET(self) -> None:
        self._say(urlsplit(self.path).query)

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_OPTIONS(self) -> None:
        self.do_GET()

    def do_POST(self) -> None:
        length = int(self.headers.get("content-length", "0"))
        self._say(self.rfile.read(length).decode("utf-8", "replace"))

    def _say(self, query: str) -> None:
        values = {name: given[-1] for name, given in parse_qs(query).items()}
        page = self.server.answer(urlsplit(self.path).path, values)
        self.send_response(page.status)
        for name, value in page.headers:
            self.send_header(name, value)
        self.send_header("content-length", str(len(page.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(page.body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Server(http.server.ThreadingHTTPServer):
    """One planted server."""

    daemon_threads = True

    def __init__(self, answer: Answer, context: ssl.SSLContext | None) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answer, self.context = answer, context

    def finish_request(self, request: Any, client_address: Any) -> None:
        # a scanner breaks handshakes and connections as it likes
        with contextlib.suppress(OSError):
            if self.context is None:
                super().finish_request(request, client_address)
                return
            request.settimeout(20)
            with self.context.wrap_socket(request, server_side=True) as secure:
                super().finish_request(secure, client_address)


@contextlib.contextmanager
def serve(answer: Answer, context: ssl.SSLContext | None = None) -> Iterator[str]:
    """Serve on a free port of the loopback; yield the address `scheme://127.0.0.1:port`."""
    server = Server(answer, context)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    scheme = "https" if context else "http"
    try:
        yield f"{scheme}://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


LINKS = ("/shop?id=1", "/echo?name=a", "/run?host=a", "/read?file=tea.txt", "/go?to=shop")


def vulnerable(path: str, values: dict[str, str]) -> Page:
    """Answer as a careless program would, with a fault of its own at each link."""
    match path:
        case "/":
            links = "".join(f'<a href="{link}">{link}</a> ' for link in LINKS)
            return Page(f"<html>{links}</html>".encode())
        case "/echo":
            return Page(f"<html><p>Hello {values.get('name', '')}</p></html>".encode())
        case "/run":
            ran = "PATH=/bin PWD=/" if "env" in values.get("host", "") else "pong"
            return Page(f"<html>{ran}</html>".encode())
        case "/read":
            read = "root:x:0:0:root" if "etc/passwd" in values.get("file", "") else "tea"
            return Page(f"<html>{read}</html>".encode())
        case "/go":
            place, *smuggled = values.get("to", "").split("\r\n")
            headers = [(name, value) for name, _, value in (x.partition(": ") for x in smuggled)]
            return Page(b"", status=302, headers=(("location", place), *headers))
        case _:
            return shop(values.get("id", "1"))


def shop(number: str) -> Page:
    """Answer with SQL that is made of texts."""
    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE goods (id INTEGER, name TEXT)")
        connection.executemany("INSERT INTO goods VALUES (?, ?)", [(1, "tea"), (2, "rice")])
        try:
            rows = connection.execute(f"SELECT name FROM goods WHERE id = {number}").fetchall()
        except sqlite3.Error as error:
            return Page(f"<html>sqlite3.OperationalError: {error}</html>".encode(), status=500)
    shown = "".join(f"<li>{name}</li>" for (name,) in rows)
    return Page(f"<html><ul>{shown}</ul></html>".encode())


def certificate_of(tls: Path) -> ssl.SSLContext:
    """Return TLS with the certificate of a copy, so that nothing but the planted fault differs."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    own = Folder(tls.parent).own
    context.load_cert_chain(own.chain, own.key)
    return context
