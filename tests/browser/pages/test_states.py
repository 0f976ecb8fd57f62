"""Pages in the states that an ordinary walk does not meet: sign-in steps, work that runs or has
failed, requests of others, refusals, faults and the end of a session (interface.md, Checks)."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from app.identity.models import Group
from tests.browser.pages.conftest import (
    PASSWORD,
    Phone,
    Place,
    in_both_languages,
    open_page,
    speak,
)
from tests.browser.pages.scenes import GIVEN, Scenes, put_in

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def scenes(place: Place) -> Scenes:
    place.eyes.findings.clear()
    return put_in(place.copy, place.account_of_owner)


@pytest.fixture
def newcomer(browser: Browser) -> Iterator[Page]:
    """A browser that has never been here."""
    page = open_page(browser)
    yield page
    page.context.close()


def visit(place: Place, page: Page, path: str, name: str, status: int = 200) -> None:
    """Look at a page in both languages, after it gave the answer that is expected."""
    for language in ("en", "ja"):
        speak(page.context, place.copy.console, language)
        answer = page.goto(place.copy.console + path)
        assert answer is not None
        assert answer.status == status, name
        place.eyes.look(page, name)


def send(page: Page, form: str, answers: dict[str, str]) -> None:
    for field, text in answers.items():
        page.locator(f"#field-{field}").fill(text)
    page.locator(f"{form} button.primary").click()


def test_a_group_with_members_and_rights_is_accessible(place: Place, scenes: Scenes) -> None:
    page = place.admin
    visit(place, page, f"/groups/{scenes.group}", "group")
    page.locator("#field-login_id").fill("nobody at all")
    page.locator("#add-member button").click()
    expect(page.locator("#field-login_id-error")).to_be_visible()
    place.eyes.look(page, "group member unknown")
    assert place.eyes.findings == {}


def test_jobs_in_every_state_are_accessible_and_the_bar_counts_them(
    place: Place, scenes: Scenes
) -> None:
    page = place.admin
    for state, job in scenes.jobs.items():
        visit(place, page, f"/jobs/{job}", f"job {state}")
        expect(page.locator("#job-progress .job")).to_be_visible()
    visit(place, page, "/jobs", "jobs")
    expect(page.locator(".top-health.running")).to_have_attribute("title", re.compile("1"))
    assert place.eyes.findings == {}


def test_requests_of_others_and_their_approval_are_accessible(place: Place, scenes: Scenes) -> None:
    visit(place, place.admin, "/requests", "requests")
    expect(place.admin.locator(f"a[href='/confirm/{scenes.approval}']")).to_be_visible()
    visit(place, place.admin, f"/confirm/{scenes.approval}", "approval")
    place.admin.locator("#field-code").fill("000000")
    place.admin.locator("form button.primary").click()
    expect(place.admin.locator("#field-code-error")).to_be_visible()
    place.eyes.look(place.admin, "approval refused")
    assert place.eyes.findings == {}


def test_the_steps_of_a_sign_in_are_accessible(place: Place, newcomer: Page) -> None:
    page = newcomer
    page.goto(place.copy.console + "/sign-in")
    send(page, "#sign-in", {"login_id": "hanako", "password": PASSWORD})
    expect(page.locator("#field-answer")).to_be_visible()
    in_both_languages(place, page, "sign-in code")
    send(page, "#step", {"answer": "000000"})
    expect(page.locator("#field-answer-error")).to_be_visible()
    place.eyes.look(page, "sign-in code refused")
    page.locator("a[href*='step=recovery_code']").click()
    expect(page.locator("#field-answer")).to_be_visible()
    in_both_languages(place, page, "sign-in recovery code")
    assert place.eyes.findings == {}


def test_the_first_sign_in_of_an_operator_is_accessible(
    place: Place, scenes: Scenes, newcomer: Page
) -> None:
    page = newcomer
    page.goto(place.copy.console + "/sign-in")
    send(page, "#sign-in", {"login_id": scenes.newcomer, "password": GIVEN})
    expect(page.locator("#totp-secret")).to_be_attached()
    in_both_languages(place, page, "sign-in enrolment")
    page.locator("details:has(#totp-secret) summary").click()
    phone = Phone(page.locator("#totp-secret").inner_text())
    send(page, "#step", {"answer": phone.code()})
    expect(page.locator("#field-answer[type=password]")).to_be_visible()
    in_both_languages(place, page, "sign-in own password")
    send(page, "#step", {"answer": "kawaita kaze ga fuku asa"})
    expect(page.locator("#recovery-codes li")).to_have_count(10)
    place.eyes.look(page, "sign-in recovery codes given")
    page.locator("a.button.primary").click()
    expect(page.locator(".side-nav")).to_be_visible()
    place.eyes.look(page, "overview of an operator")
    assert place.eyes.findings == {}


def test_refusals_and_pages_that_are_not_there_are_accessible(
    place: Place, scenes: Scenes, newcomer: Page
) -> None:
    name, _, value = scenes.viewer.partition("=")
    newcomer.context.add_cookies(
        [{"name": name, "value": value, "url": place.copy.console, "secure": True}]
    )
    visit(place, newcomer, "/accounts/new", "refused", 403)
    visit(place, newcomer, "/accounts/nobody", "unknown account of a viewer", 403)
    visit(place, place.admin, "/accounts/nobody", "unknown account", 404)
    page = place.admin
    page.goto(f"{place.copy.console}/accounts/new")
    send(page, "#account", {"name": "二人目", "login_id": "two words"})
    expect(page.locator("#field-login_id-error")).to_be_visible()
    place.eyes.look(page, "new account wrong")
    assert place.eyes.findings == {}


@contextmanager
def without(data: Path, table: str) -> Iterator[None]:
    """Take a table away behind the appliance's back, for a while."""
    (database,) = data.glob("*.sqlite")
    with closing(sqlite3.connect(database, isolation_level=None, timeout=20)) as connection:
        connection.execute(f"ALTER TABLE {table} RENAME TO {table}_away")
        try:
            yield
        finally:
            connection.execute(f"ALTER TABLE {table}_away RENAME TO {table}")


def test_a_fault_is_a_page_with_an_incident_number(place: Place, scenes: Scenes) -> None:
    with without(place.copy.data, str(Group.__tablename__)):
        visit(place, place.admin, f"/groups/{scenes.group}", "fault", 500)
        expect(place.admin.locator("main code")).to_have_text(re.compile(r"^T-\w{4}-\w{4}$"))
    assert place.eyes.findings == {}


def test_a_database_that_stays_busy_is_a_page_that_says_so(place: Place, scenes: Scenes) -> None:
    (database,) = place.copy.data.glob("*.sqlite")
    page = place.admin
    page.goto(f"{place.copy.console}/account")
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        with page.expect_response(lambda one: "/end" in one.url) as waiting:
            page.evaluate(
                """() => { const form = document.createElement("form"); form.method = "post";
                  form.action = "/account/sessions/none/end"; document.body.append(form);
                  form.submit(); }"""
            )
        connection.execute("ROLLBACK")
    assert waiting.value.status == 503
    expect(page.locator("main code")).to_be_visible()
    place.eyes.look(page, "busy")
    assert place.eyes.findings == {}


def test_the_warning_before_a_session_ends_is_accessible_and_keeps_it_F7(
    place: Place, newcomer: Page, scenes: Scenes
) -> None:
    name, _, value = scenes.viewer.partition("=")
    page = newcomer
    page.context.add_cookies(
        [{"name": name, "value": value, "url": place.copy.console, "secure": True}]
    )
    page.clock.install()
    page.goto(place.copy.console + "/settings")
    expect(page.locator("#session-warning")).to_be_hidden()
    page.clock.fast_forward("13:30")
    expect(page.locator("#session-warning")).to_be_visible()
    expect(page.locator("[data-stays]")).to_be_focused()
    place.eyes.look(page, "session warning")
    with page.expect_response("**/session") as kept:
        page.keyboard.press("Enter")
    assert kept.value.ok
    expect(page.locator("#session-warning")).to_be_hidden()
    assert place.eyes.findings == {}


def test_what_leaves_what_returns_and_a_new_kit_are_accessible(place: Place) -> None:
    page = place.admin
    page.goto(f"{place.copy.console}/backups")
    one = page.locator("[id^=repository-]").first.get_attribute("id")
    assert one is not None
    base = f"/backups/repositories/{one.removeprefix('repository-')}"
    visit(place, page, f"{base}/connect", "connect repository")
    visit(place, page, "/backups/kit/new", "new key kit")
    visit(place, page, f"{base}/remove", "remove repository")
    page.locator("#field-name").fill("another name")
    page.locator("#delete-form button.danger").click()
    expect(page.locator("#field-name-error")).to_be_visible()
    place.eyes.look(page, "remove repository, wrong name")
    assert place.eyes.findings == {}


def test_a_backup_that_failed_and_a_repository_that_is_gone_are_accessible(
    place: Place, tmp_path: Path
) -> None:
    page = place.admin
    page.goto(f"{place.copy.console}/backups")
    place.repository.rename(tmp_path / "unplugged")
    try:
        visit(place, page, "/backups", "backups repository gone")
        expect(page.locator(".banner.danger")).to_be_visible()
        page.locator("form[action$='/run'] button").click()
        expect(page.locator(".field-error, .error-summary, main .muted code").first).to_be_visible()
        place.eyes.look(page, "backup failed")
    finally:
        (tmp_path / "unplugged").rename(place.repository)
    assert place.eyes.findings == {}
