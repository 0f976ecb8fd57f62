"""A small server for the gallery under the strict policy, and a browser that watches itself."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import ClassVar
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page

from app.core.clock import now
from app.web.design.assets import CACHE_CONTROL, PACKAGES, collect_assets
from app.web.design.environment import create_environment, render

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; "
    "base-uri 'none'"
)
AXE = (PACKAGES / "axe-core" / "axe.min.js").read_text()

PLAIN = """
{% extends "plain.html" %}
{% from "components/button.html" import button %}
{% from "components/clock_warning.html" import clock_warning %}
{% from "components/field.html" import field %}
{% block title %}{{ _("Sign in") }}{% endblock %}
{% block notices %}{{ clock_warning() }}{% endblock %}
{% block content %}
<form class="stack" method="post" action="/kept">
{{ field("login", _("Login ID"), autocomplete="username", required=true) }}
{{ field("password", _("Password"), "password", autocomplete="current-password", required=true) }}
<div>{{ button(_("Sign in")) }}</div>
</form>
{% endblock %}
"""
WORKSPACE = """
{% extends "workspace.html" %}
{% from "components/empty_state.html" import empty_state %}
{% block title %}{{ _("Home") }}{% endblock %}
{% block content %}{{ empty_state(_("No tables yet")) }}{% endblock %}
"""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    assets = collect_assets()
    environment = create_environment(assets)
    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        if found := self.assets.get(address.path):
            self.answer(200, *found, cache=CACHE_CONTROL)
        elif address.path in ("/design", "/plain", "/workspace", "/sign-in"):
            query = {name: values[0] for name, values in parse_qs(address.query).items()}
            self.answer(200, self.page(address.path, query).encode(), "text/html; charset=utf-8")
        else:
            self.answer(404, b"", "text/plain")

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"] or 0))
        self.asked.append(self.path)
        if not self.path.startswith("/answers/"):
            self.answer(204, b"", "text/plain")
        elif (status := int(self.path.rpartition("/")[2])) == 303:
            self.answer(status, b"", "text/plain", location="/sign-in")
        else:
            path = "/design" if status == 200 else "/plain"
            body = self.page(path, {"idle": "600", "warn": "60"} if status == 200 else {})
            self.answer(status, body.encode(), "text/html; charset=utf-8")

    def page(self, path: str, query: dict[str, str]) -> str:
        names = {
            "/design": "gallery.html",
            "/plain": PLAIN,
            "/sign-in": PLAIN,
            "/workspace": WORKSPACE,
        }
        source = names[path]
        if not source.endswith(".html"):
            source = self.environment.from_string(source)
        session = (
            SimpleNamespace(
                idle_seconds=int(query["idle"]), warn_seconds=int(query["warn"]), owner="o1"
            )
            if "idle" in query
            else None
        )
        return render(
            self.environment,
            source,
            language=query.get("language", "ja"),
            at=now() - int(query.get("late", 0)),
            appliance_name="Tenshu",
            plane="console",
            path=self.path,
            viewer=SimpleNamespace(name="山田 花子", initials="山"),
            standing=lambda: SimpleNamespace(
                health=SimpleNamespace(kind="warning", text="要確認 1件"), running=2
            ),
            session=session,
            tables=[("/t/1", "顧客", "table-2", 1204), ("/t/2", "注文", "table-2")],
        )

    def answer(
        self, status: int, body: bytes, kind: str, cache: str = "no-store", location: str = ""
    ) -> None:
        self.send_response(status)
        for name, value in (
            ("Content-Type", kind),
            ("Content-Length", str(len(body))),
            ("Content-Security-Policy", POLICY),
            ("Cache-Control", cache),
            ("Location", location),
        ):
            if value:
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        """Keep the test's output for the test."""


@pytest.fixture(scope="module")
def origin() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


class Watched:
    """A page that remembers what the browser complained about and what it sent."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.complaints: list[str] = []
        Handler.asked.clear()
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", self._hear)

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    @property
    def asked(self) -> list[str]:
        """The addresses that were posted to."""
        return Handler.asked

    def open(self, address: str, theme: str = "light") -> Page:
        self.page.add_init_script(f"localStorage.setItem('theme', {json.dumps(theme)})")
        self.page.goto(address)
        return self.page

    def violations(self) -> list[str]:
        """Return what axe-core finds. It goes in by the debugger, which no policy holds."""
        self.page.evaluate(AXE + "; null")
        found = self.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        assert len(found["passes"]) > 10, "axe looked at next to nothing"
        return [
            f"{each['id']}: {node['html'][:160]} {node['failureSummary']}"
            for each in found["violations"]
            for node in each["nodes"]
        ]


@pytest.fixture
def watched(browser: Browser, origin: str) -> Iterator[Watched]:
    context = browser.new_context(base_url=origin, viewport={"width": 1280, "height": 800})
    yield Watched(context.new_page())
    context.close()
