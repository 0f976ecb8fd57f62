"""The gallery in a real browser: every component, both languages, every theme."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import ClassVar
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Page, Playwright, expect, sync_playwright

from app.core.clock import now
from app.web.design.assets import CACHE_CONTROL, PACKAGES, collect_assets
from app.web.design.environment import create_environment, render

pytestmark = pytest.mark.browser

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; "
    "base-uri 'none'"
)
AXE = (PACKAGES / "axe-core" / "axe.min.js").read_text()
WIDTHS = (390, 768, 1280, 1920)
KIB = 1024

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
            health=SimpleNamespace(kind="warning", text="要確認 1件"),
            running_jobs=2,
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


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    arguments = [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--disable-background-networking",
    ]
    started = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=arguments)
    yield started
    started.close()


class Watched:
    """A page that remembers what the browser complained about."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.complaints: list[str] = []
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on(
            "console",
            lambda message: (
                self.complaints.append(message.text)
                if message.type in ("error", "warning")
                else None
            ),
        )


@pytest.fixture
def watched(browser: Browser, origin: str) -> Iterator[Watched]:
    context = browser.new_context(base_url=origin, viewport={"width": 1280, "height": 800})
    yield Watched(context.new_page())
    context.close()


def open_in(watched: Watched, address: str, theme: str) -> Page:
    page = watched.page
    page.add_init_script(f"localStorage.setItem('theme', {json.dumps(theme)})")
    page.goto(address)
    return page


def violations(page: Page) -> list[str]:
    """Return what axe-core finds. The script goes in by the debugger, which no policy holds."""
    page.evaluate(AXE + "; null")
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    assert len(found["passes"]) > 10, "axe looked at next to nothing"
    return [
        f"{each['id']}: {node['html'][:160]} {node['failureSummary']}"
        for each in found["violations"]
        for node in each["nodes"]
    ]


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("theme", ["light", "dark", "contrast"])
@pytest.mark.parametrize("path", ["/design", "/plain", "/workspace"])
def test_axe_finds_nothing_and_the_policy_holds_in_both_languages_and_all_themes(
    watched: Watched, path: str, theme: str, language: str
) -> None:
    page = open_in(watched, f"{path}?language={language}", theme)
    if path == "/design":
        expect(page.locator(".uplot")).to_have_count(2)
    assert violations(page) == []
    assert watched.complaints == []


def test_axe_finds_a_planted_fault(watched: Watched) -> None:
    page = open_in(watched, "/plain", "light")
    page.evaluate("document.querySelector('label').remove()")
    assert any(line.startswith("label") for line in violations(page))


def test_an_inline_style_is_refused_so_the_policy_is_seen_to_work(watched: Watched) -> None:
    page = open_in(watched, "/plain", "light")
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<p style=\"color:red\">')")
    assert any("Content Security Policy" in text for text in watched.complaints)


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("width", WIDTHS)
def test_no_page_is_wider_than_its_window(watched: Watched, width: int, language: str) -> None:
    for path in ("/design", "/plain", "/workspace"):
        watched.page.set_viewport_size({"width": width, "height": 800})
        page = open_in(watched, f"{path}?language={language}", "light")
        wide = page.evaluate(
            """() => [...document.querySelectorAll('body *')]
              .filter((e) => e.getBoundingClientRect().right > innerWidth + 1
                && e.checkVisibility() && !e.closest('.table-frame, .tabs, .unseen'))
              .map((e) => e.outerHTML.slice(0, 120))"""
        )
        assert wide == [], path
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path


def test_no_text_is_smaller_than_14_pixels(watched: Watched) -> None:
    page = open_in(watched, "/design", "light")
    small = page.evaluate(
        """() => [...document.querySelectorAll('body *')]
          .filter((e) => e.checkVisibility() && parseFloat(getComputedStyle(e).fontSize) < 14
            && [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()))
          .map((e) => e.outerHTML.slice(0, 120))"""
    )
    assert small == []


def test_the_first_page_weighs_less_than_150_kilobytes_with_everything_it_loads(
    watched: Watched,
) -> None:
    weights: dict[str, int] = {}
    watched.page.on("response", lambda answer: weights.update({answer.url: len(answer.body())}))
    open_in(watched, "/plain", "light").wait_for_load_state("networkidle")
    assert len(weights) >= 4
    assert sum(weights.values()) < 150 * KIB


def test_the_keyboard_alone_reaches_everything_in_the_order_of_the_page(watched: Watched) -> None:
    page = open_in(watched, "/plain", "light")
    seen = []
    for _ in range(8):
        page.keyboard.press("Tab")
        seen.append(
            page.evaluate(
                """() => { const e = document.activeElement;
                  return [e.tagName, getComputedStyle(e).outlineStyle] }"""
            )
        )
    assert [tag for tag, _ in seen[:7]] == [
        "A", "SUMMARY", "SUMMARY", "INPUT", "INPUT", "BUTTON", "BUTTON",
    ]  # fmt: skip
    assert all(outline == "solid" for _, outline in seen[:7])


def test_control_k_brings_the_cursor_to_the_search(watched: Watched) -> None:
    page = open_in(watched, "/workspace", "light")
    page.keyboard.press("Control+k")
    assert page.evaluate("document.activeElement.type") == "search"


def test_a_password_is_shown_and_hidden_again_before_it_is_sent(watched: Watched) -> None:
    page = open_in(watched, "/plain", "light")
    page.fill("#field-password", "correct horse")
    page.click("[data-reveals]")
    assert page.get_attribute("#field-password", "type") == "text"
    page.fill("#field-login", "yamada")
    page.click("form .button.primary")
    expect(page.locator("#field-password")).to_have_attribute("type", "password")


def test_a_form_is_sent_once_however_often_its_button_is_clicked(watched: Watched) -> None:
    page = open_in(watched, "/plain", "light")
    Handler.asked.clear()
    page.fill("#field-login", "yamada")
    page.fill("#field-password", "correct horse")
    page.evaluate(
        """() => { const b = document.querySelector('form .button.primary');
             b.click(); b.click(); b.click(); }"""
    )
    page.wait_for_load_state("networkidle")
    assert Handler.asked == ["/kept"]


def test_a_dialog_opens_by_its_button_and_escape_gives_the_focus_back(watched: Watched) -> None:
    page = open_in(watched, "/design", "light")
    page.click("[data-opens='gallery-confirm']")
    assert page.evaluate("document.querySelector('#gallery-confirm').open")
    assert page.evaluate("document.activeElement.closest('dialog').id") == "gallery-confirm"
    assert violations(page) == []
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.dataset.opens") == "gallery-confirm"


def test_picking_rows_shows_what_can_be_done_with_them(watched: Watched) -> None:
    page = open_in(watched, "/design", "light")
    page.check("[data-picks-all]")
    assert page.inner_text("[data-selection] p") == "3件を選択中"
    page.uncheck("[data-picks] >> nth=1")
    assert page.inner_text("[data-selection] p") == "2件を選択中"
    assert page.evaluate("document.querySelector('[data-picks-all]').indeterminate")


def test_up_and_down_go_to_the_same_control_of_the_next_row(watched: Watched) -> None:
    page = open_in(watched, "/design?language=en", "light")
    page.focus("#people tbody a >> nth=0")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.textContent") == "Taro Sato"
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    assert page.evaluate("document.activeElement.textContent") == "Hanako Yamada"


def test_a_hidden_column_is_hidden_in_head_and_rows_and_its_link_shows_it(
    watched: Watched,
) -> None:
    page = open_in(watched, "/design?language=en", "light")
    assert page.is_hidden("#people th >> text=Login ID")
    assert page.is_hidden("#people td >> text=sato.taro")
    page.click(".list-tools summary")
    link = page.locator(".list-tools a", has_text="Login ID")
    assert link.get_attribute("href") == "/design?q=a"
    assert page.locator(".list-tools a", has_text="Role").get_attribute("href") == (
        "/design?q=a&hide=login%2Crole"
    )


def test_the_error_summary_leads_to_the_field(watched: Watched) -> None:
    page = open_in(watched, "/design", "light")
    page.click(".error-summary a >> nth=0")
    assert page.evaluate("document.activeElement.id") == "field-login"


def test_on_a_phone_every_cell_of_a_list_tells_its_heading(watched: Watched) -> None:
    watched.page.set_viewport_size({"width": 390, "height": 800})
    page = open_in(watched, "/design?language=en", "light")
    labels = page.eval_on_selector_all(
        "#people tbody tr:first-child td", "c => c.map(e => e.dataset.label)"
    )
    assert labels[1:4] == ["Name", "Login ID", "Role"]
    page.click(".top-menu")
    assert page.is_visible("#side a >> nth=0")


def test_a_file_is_dropped_and_named(watched: Watched, tmp_path: Path) -> None:
    page = open_in(watched, "/design?language=en", "light")
    page.evaluate(
        """() => { const files = new DataTransfer();
          files.items.add(new File(['x'.repeat(1500)], '住所.csv'));
          document.querySelector('[data-drop]').dispatchEvent(
            new DragEvent('drop', { dataTransfer: files, bubbles: true, cancelable: true })); }"""
    )
    assert page.inner_text(".drop-chosen") == "住所.csv (1.5 kB)"
    assert page.evaluate("document.querySelector('#field-file').files.length") == 1


def test_the_theme_is_kept_and_set_before_the_first_paint(watched: Watched) -> None:
    page = watched.page
    page.goto("/plain?language=en")
    page.click("summary[title='Appearance']")
    page.click("[data-themes='dark']")
    page.reload()
    assert page.get_attribute("html", "data-theme") == "dark"
    assert page.get_attribute("[data-themes='dark']", "aria-pressed") == "true"


def test_a_clock_that_is_more_than_ten_seconds_off_is_told(watched: Watched) -> None:
    page = open_in(watched, "/plain?language=en", "light")
    assert page.is_hidden("[data-clock]")
    page.goto("/plain?language=en&late=3600000")
    assert "differ by 60 minutes" in page.inner_text("[data-clock-text]")


def test_typed_work_outlives_the_end_of_the_session_and_a_password_does_not(
    watched: Watched,
) -> None:
    page = open_in(watched, "/design?idle=2&warn=1", "light")
    page.fill("#field-note", "まだ保存していない")
    page.fill("#field-password", "correct horse")
    page.click("[data-reveals]")
    page.wait_for_url("**/sign-in?back=*", timeout=20_000)
    page.goto("/design?idle=600&warn=60")
    assert page.input_value("#field-note") == "まだ保存していない"
    assert page.input_value("#field-password") == ""
    assert "correct horse" not in page.evaluate("JSON.stringify(sessionStorage)")


@pytest.mark.parametrize(("answer", "kept"), [(303, "途中"), (500, "途中"), (200, "")])
def test_what_was_sent_into_an_error_or_an_ended_session_is_there_again(
    watched: Watched, answer: int, kept: str
) -> None:
    page = open_in(watched, "/design?idle=600&warn=60", "light")
    page.fill("#field-note", "途中")
    page.evaluate("a => document.querySelector('#gallery-form').action = a", f"/answers/{answer}")
    page.evaluate("document.querySelector('#field-role').selectedIndex = 1")
    page.click("#gallery-form .button.primary")
    page.wait_for_url("**/answers/*" if answer != 303 else "**/sign-in")
    page.goto("/design?idle=600&warn=60")
    assert page.input_value("#field-note") == kept


def test_signing_out_leaves_nothing_typed_behind(watched: Watched) -> None:
    page = open_in(watched, "/design?idle=600&warn=60", "light")
    page.evaluate("sessionStorage.setItem('draft:o1:/design:x', '[]')")
    page.evaluate("sessionStorage.setItem('interrupted', 'yes')")
    page.reload()
    page.click("#account-menu summary")
    with page.expect_response("**/sign-out"):
        page.click("#account-menu form button")
    kept = page.evaluate("Object.keys(sessionStorage)")
    assert [name for name in kept if name.startswith(("draft", "interrupted"))] == []


def test_the_end_of_the_session_is_told_and_one_click_stays(watched: Watched) -> None:
    Handler.asked.clear()
    page = open_in(watched, "/design?language=en&idle=6&warn=5", "light")
    page.click("[data-stays]", timeout=20_000)
    expect(page.locator("#session-warning")).to_be_hidden()
    assert Handler.asked == ["/session"]


def test_a_word_from_the_server_appears_as_a_toast(watched: Watched) -> None:
    page = open_in(watched, "/plain", "light")
    page.evaluate(
        """() => document.body.dispatchEvent(new CustomEvent('toast',
          { bubbles: true, detail: { text: '<b>保存しました</b>' } }))"""
    )
    assert page.inner_text("[data-toasts] p") == "<b>保存しました</b>"
