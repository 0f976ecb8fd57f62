"""What is typed outlives an ended session and an error (interface: nothing typed is lost)."""

from typing import Any

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def test_typed_work_outlives_the_end_of_the_session_and_a_password_does_not(
    watched: Any,
) -> None:
    page = watched.open("/design?idle=8&warn=6")
    page.fill("#field-note", "まだ保存していない")
    page.fill("#field-password", "correct horse")
    page.click("[data-reveals]")
    page.wait_for_url("**/sign-in?back=*", timeout=20_000)
    page.goto("/design?idle=600&warn=60")
    expect(page.locator("#field-note")).to_have_value("まだ保存していない")
    assert page.input_value("#field-password") == ""
    assert "correct horse" not in page.evaluate("JSON.stringify(sessionStorage)")


@pytest.mark.parametrize(("answer", "kept"), [(303, "途中"), (500, "途中"), (200, "")])
def test_what_was_sent_into_an_error_or_an_ended_session_is_there_again(
    watched: Any, answer: int, kept: str
) -> None:
    page = watched.open("/design?idle=600&warn=60")
    page.fill("#field-note", "途中")
    page.evaluate("a => document.querySelector('#gallery-form').action = a", f"/answers/{answer}")
    page.evaluate("document.querySelector('#field-role').selectedIndex = 1")
    page.click("#gallery-form .button.primary")
    page.wait_for_url("**/answers/*" if answer != 303 else "**/sign-in")
    page.goto("/design?idle=600&warn=60")
    expect(page.locator("#field-note")).to_have_value(kept)


def test_signing_out_leaves_nothing_typed_behind(watched: Any) -> None:
    page = watched.open("/design?idle=600&warn=60")
    page.evaluate("sessionStorage.setItem('draft:o1:/design:x', '[]')")
    page.evaluate("sessionStorage.setItem('interrupted', 'yes')")
    page.reload()
    page.click("#account-menu summary")
    with page.expect_response("**/sign-out"):
        page.click("#account-menu form button")
    kept = page.evaluate("Object.keys(sessionStorage)")
    assert [name for name in kept if name.startswith(("draft", "interrupted"))] == []


def test_the_end_of_the_session_is_told_and_one_click_stays(watched: Any) -> None:
    page = watched.open("/design?language=en&idle=6&warn=5")
    page.click("[data-stays]", timeout=20_000)
    expect(page.locator("#session-warning")).to_be_hidden()
    assert watched.asked == ["/session"]
