"""One running copy with people, a table, a backup and a history, and eyes that look at its pages.

Some pages can be seen once only: the steps of the setup, recovery codes, a one-time password. They
are looked at while the copy is made ready; what is wrong there is kept for the test that asks.
TENSHU_TEST_PICTURES names a folder for a screenshot of every page.
"""

import os
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pyotp
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from app.identity.setup import TRIES
from app.web.cookies import LANGUAGE
from app.web.design.assets import PACKAGES
from tests.running import Copy, start_copy, wait_until

AXE = (PACKAGES / "axe-core" / "axe.min.js").read_text()
PICTURES = os.environ.get("TENSHU_TEST_PICTURES", "")
PASSWORD = "hiroi sora ni shiroi kumo"
STAFF_PASSWORD = "mado no soto wa haru desu"
expect.set_options(timeout=30_000)

DESK, PHONE = 1280, 390
"""CSS pixels: a laptop's window, and a telephone."""
ZOOMED, TABLET, SCREEN = 640, 768, 1920
"""The laptop at 200 %, a tablet, and a large screen."""
FEW_ROWS = "氏名,入社日,席,在席\n" + "".join(
    f"社員{number:03},2024-04-{number % 28 + 1:02},{number},{'はい' if number % 2 else 'いいえ'}\n"
    for number in range(120)
)

LONG = "document.querySelectorAll('tbody tr:nth-child(n+21)').forEach((row) => row.remove())"
"""A long list repeats itself: twenty of its rows are looked at."""
WIDE = """() => [...document.querySelectorAll('body *')]
  .filter((e) => e.getBoundingClientRect().right > innerWidth + 1 && e.checkVisibility()
    && !e.closest('.table-frame, .tabs, .unseen'))
  .map((e) => e.outerHTML.slice(0, 160))"""

DRAWN = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
"""Charts are drawn anew, for another width, with the next frame."""


@dataclass
class Eyes:
    """Looks at a page as it stands: axe-core in both themes, and nothing wider than the window."""

    seen: list[str] = field(default_factory=list)
    findings: dict[str, list[str]] = field(default_factory=dict)

    def look(self, page: Page, name: str) -> None:
        """Look at the page that is open now; what is wrong stands in `findings`."""
        expect(page.locator("[hx-trigger=load]")).to_have_count(0)  # what it asks for is there
        name = f"{page.evaluate('document.documentElement.lang')} {name}"
        self.seen.append(name)
        page.evaluate(LONG)
        wrong = [f"light: {one}" for one in violations(page)]
        show_in(page, "dark")
        wrong += [f"dark: {one}" for one in violations(page, "color-contrast")]
        show_in(page, "light")
        for width in (PHONE, ZOOMED, TABLET):
            page.set_viewport_size({"width": width, "height": 844})
            page.evaluate(DRAWN)
            wrong += [f"too wide at {width}: {one}" for one in too_wide(page)]
        for width in (PHONE, TABLET, SCREEN, DESK) if PICTURES else (DESK,):
            page.set_viewport_size({"width": width, "height": 800})
            picture(page, name, width)
        if wrong:
            self.findings[name] = wrong


def violations(page: Page, rule: str = "") -> list[str]:
    """Return what axe-core finds. It goes in by the debugger, which no policy holds."""
    if page.evaluate("typeof axe") == "undefined":
        page.evaluate(AXE + "; null")
    only = {"runOnly": [rule]} if rule else {}
    found = page.evaluate("(o) => axe.run(document, o)", {"resultTypes": ["violations"], **only})
    assert found["passes"], "axe looked at nothing"
    return [
        f"{each['id']}: {node['html'][:160]} {node['failureSummary']}"
        for each in found["violations"]
        for node in each["nodes"]
    ]


def too_wide(page: Page) -> list[str]:
    """Return what reaches beyond the right edge of the window."""
    wide: list[str] = page.evaluate(WIDE)
    scrolls = page.evaluate("document.documentElement.scrollWidth > innerWidth")
    return wide or (["the page scrolls sideways"] if scrolls else [])


def show_in(page: Page, theme: str) -> None:
    page.evaluate("(theme) => { document.documentElement.dataset.theme = theme }", theme)


def picture(page: Page, name: str, width: int) -> None:
    if PICTURES:
        path = Path(PICTURES) / f"{re.sub(r'[^a-z0-9]+', '-', name)}-{width}.png"
        page.screenshot(path=path, full_page=True)


def speak(context: BrowserContext, origin: str, language: str) -> None:
    """Choose the language of one plane's pages, as the menu on top does."""
    context.add_cookies(
        [{"name": LANGUAGE, "value": language, "url": origin, "secure": True, "sameSite": "Lax"}]
    )


@dataclass
class Phone:
    """An authenticator app that gives three codes at once: the appliance takes ±1 step.

    The first one is a step old: it is not given in the last seconds of a step, where it would
    arrive too late.
    """

    secret: str
    given: int = 0

    def code(self) -> str:
        self.given += 1
        assert self.given <= 3, "the next code needs half a minute"
        phone = pyotp.TOTP(self.secret.replace(" ", ""))
        if self.given == 1:
            wait_until(lambda: time.time() % phone.interval < phone.interval - 5, "a new code", 8)
        return phone.at(time.time() + phone.interval * (self.given - 2))


@dataclass
class Place:
    """The copy, ready to be looked at."""

    copy: Copy
    eyes: Eyes
    admin: Page
    staff: Page
    stranger: Page
    phone: Phone = field(default_factory=lambda: Phone(""))
    repository: Path = Path()
    account_of_owner: str = ""
    account: str = ""
    table: str = ""
    preview: str = ""
    job: str = ""
    run: str = ""
    confirmation: str = ""
    given: str = ""
    """The one-time password of the second person."""


def open_page(browser: Browser) -> Page:
    context = browser.new_context(
        ignore_https_errors=True,
        locale="ja-JP",
        viewport={"width": DESK, "height": 800},
        reduced_motion="reduce",  # colours change at once
    )
    context.add_init_script("localStorage.setItem('theme', 'light')")
    page = context.new_page()
    page.set_default_timeout(30_000)
    return page


@pytest.fixture(scope="session")
def place(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("pages")
    with start_copy(folder / "copy") as copy:
        ready = Place(copy, Eyes(), open_page(browser), open_page(browser), open_page(browser))
        ready.phone = phone = set_up(ready)
        look_before_anything_is_there(ready)
        make_staff(ready, phone)
        sign_in_staff(ready)
        import_table(ready, folder / "在席表.csv")
        back_up(ready, folder / "repository")
        yield ready
        for page in (ready.admin, ready.staff, ready.stranger):
            page.context.close()


def on_paper(page: Page, name: str, shown: list[str], hidden: list[str]) -> None:
    """Look at a page as it would be printed."""
    page.emulate_media(media="print")
    for part in shown:
        expect(page.locator(part)).to_be_visible()
    for part in hidden:
        expect(page.locator(part)).to_be_hidden()
    picture(page, f"print {name}", DESK)
    page.emulate_media(media="screen")


def in_both_languages(place: Place, page: Page, name: str) -> None:
    """Look at a page that can be asked for again."""
    origin = "/".join(page.url.split("/")[:3])
    for language in ("en", "ja"):
        speak(page.context, origin, language)
        page.goto(page.url)
        place.eyes.look(page, name)


def set_up(place: Place) -> Phone:
    """Go through the first visit and look at each of its steps."""
    page, look = place.admin, place.eyes.look
    page.goto(place.copy.console)
    in_both_languages(place, page, "setup 1 claim")
    page.locator("#field-code").fill("WRONG-CODE")
    page.locator("#claim button").click()
    expect(page.locator(".error-summary")).to_be_visible()
    look(page, "setup 1 claim refused")
    for _ in range(TRIES):
        page.locator("#field-code").fill("WRONG-CODE")
        with page.expect_navigation():
            page.locator("#claim button").click()
    look(page, "setup 1 claim used up")
    page.locator("#field-code").fill(place.copy.tenshu("setup", "claim-code").stdout.strip())
    page.locator("#claim button").click()
    expect(page.locator("#field-name")).to_be_visible()
    in_both_languages(place, page, "setup 2 person")
    page.locator("#field-name").fill("山田 花子")
    page.locator("#field-login_id").fill("hanako")
    page.locator("#field-password").fill(PASSWORD)
    page.locator("#field-again").fill(PASSWORD)
    page.locator("#person button.primary").click()
    expect(page.locator("#field-answer")).to_be_visible()
    in_both_languages(place, page, "setup 3 authenticator")
    page.locator("details:has(#totp-secret) summary").click()
    phone = Phone(page.locator("#totp-secret").inner_text())
    page.locator("#field-answer").fill(phone.code())
    page.locator("#factor button.primary").click()
    expect(page.locator("#recovery-codes li")).to_have_count(10)
    expect(page.locator(".steps .now .step-mark")).to_have_text("4")
    look(page, "setup 4 recovery codes")
    on_paper(
        page, "recovery codes", ["#recovery-codes"], [".plain-head", ".steps", "[data-prints]"]
    )
    page.locator("a.button.primary").click()
    expect(page).to_have_url(re.compile(":[0-9]+/$"))
    return phone


def look_before_anything_is_there(place: Place) -> None:
    """Look at pages whose empty state says what to do first."""
    for path in ("/", "/backups", "/jobs", "/requests"):
        place.admin.goto(place.copy.console + path)
        in_both_languages(place, place.admin, f"empty {path}")


def make_staff(place: Place, phone: Phone) -> None:
    """Make a second person: a confirmation by a fresh code, and a password that is shown once."""
    page = place.admin
    page.goto(f"{place.copy.console}/accounts/new")
    page.locator("#field-name").fill("佐藤 次郎")
    page.locator("#field-login_id").fill("jiro")
    page.locator("#account button.primary").click()
    expect(page).to_have_url(re.compile("/confirm/"))
    in_both_languages(place, page, "confirm")
    page.locator("#field-code").fill(phone.code())
    page.locator("form button.primary").click()
    place.given = page.locator("#password").inner_text()
    place.eyes.look(page, "account one-time password")
    page.goto(f"{place.copy.console}/accounts")
    hers = page.get_by_role("link", name="hanako").get_attribute("href") or ""
    place.account_of_owner = hers.rpartition("/")[2]
    page.get_by_role("link", name="jiro").click()
    place.account = page.url
    # a second administrator's renewed codes are shown in English
    speak(page.context, place.copy.console, "en")
    page.goto(f"{place.copy.console}/account")
    page.locator("details:has(#recovery) > summary").click()
    page.locator("#field-recovery-code").fill(phone.code())
    page.locator("#recovery button").click()
    expect(page.locator("#recovery-codes li")).to_have_count(10)
    place.eyes.look(page, "account recovery codes")
    page.goto(f"{place.copy.console}/accounts/new")
    page.locator("#field-name").fill("Saburo Suzuki")
    page.locator("#field-login_id").fill("saburo")
    page.locator("#account button.primary").click()
    expect(page).to_have_url(re.compile("/confirm/"))
    place.confirmation = page.url


def sign_in_staff(place: Place) -> None:
    """Sign in to the workspace, step by step."""
    page = place.staff
    page.goto(place.copy.workspace)
    in_both_languages(place, page, "sign-in")
    page.locator("#field-login_id").fill("jiro")
    page.locator("#field-password").fill("not this one at all")
    page.locator("#sign-in button.primary").click()
    expect(page.locator(".error-summary")).to_be_visible()
    place.eyes.look(page, "sign-in refused")
    page.locator("#field-password").fill(place.given)
    page.locator("#sign-in button.primary").click()
    expect(page.locator("#field-answer")).to_be_visible()
    in_both_languages(place, page, "sign-in new password")
    page.locator("#field-answer").fill(STAFF_PASSWORD)
    page.locator("#step button.primary").click()
    expect(page).to_have_url(re.compile(":[0-9]+/$"))
    in_both_languages(place, page, "workspace empty")


def import_table(place: Place, file: Path) -> None:
    """Make a table of a file; one more upload stays at its preview."""
    page = place.staff
    file.write_text(FEW_ROWS)
    for _ in range(2):
        page.goto(f"{place.copy.workspace}/tables/new")
        page.locator("#field-file").set_input_files(file)
        page.locator("#upload button.primary").click()
        expect(page).to_have_url(re.compile("/tables/import/"))
        if not place.preview:
            place.preview = page.url
    page.locator("#import button.primary").click()
    expect(page).to_have_url(re.compile("/jobs/"))
    place.job = page.url
    done = page.locator("#job-progress a.button.primary")
    expect(done).to_be_visible(timeout=60_000)
    done.click()
    expect(page).to_have_url(re.compile("/tables/[0-9]+"))
    place.table = page.url


def back_up(place: Place, repository: Path) -> None:
    """Make a repository, look at its kit while it is shown, and run a backup."""
    place.repository = repository
    page = place.admin
    page.goto(f"{place.copy.console}/backups/new")
    page.locator("#field-name").fill("地下のNAS")
    page.locator("#field-folder").fill(str(repository))
    page.locator("#repository button.primary").click()
    expect(page).to_have_url(re.compile("/backups/kit"))
    in_both_languages(place, page, "backup kit")
    on_paper(page, "backup kit", [".sheet", "#kit-key"], [".side-nav", "#keep", "[data-prints]"])
    kit = page.locator("#kit-key").inner_text().split()
    page.locator("#field-end").fill(kit[-1])
    page.locator("#keep button.primary").click()
    expect(page).to_have_url(re.compile("/backups$"))
    page.locator("form[action$='/run'] button").click()
    expect(page).to_have_url(re.compile("/backups/runs/"))
    place.run = page.url
    expect(page.locator(".banner.success")).to_be_visible(timeout=120_000)
