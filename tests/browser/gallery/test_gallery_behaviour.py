"""What the components do when a person uses them."""

from typing import Any

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def test_the_keyboard_alone_reaches_everything_in_the_order_of_the_page(watched: Any) -> None:
    page = watched.open("/plain")
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


def test_control_k_brings_the_cursor_to_the_search(watched: Any) -> None:
    page = watched.open("/design")
    page.keyboard.press("Control+k")
    assert page.evaluate("document.activeElement.type") == "search"


def test_a_password_is_shown_and_hidden_again_before_it_is_sent(watched: Any) -> None:
    page = watched.open("/plain")
    page.fill("#field-password", "correct horse")
    page.click("[data-reveals]")
    assert page.get_attribute("#field-password", "type") == "text"
    page.fill("#field-login", "yamada")
    page.click("form .button.primary")
    expect(page.locator("#field-password")).to_have_attribute("type", "password")


def test_a_form_is_sent_once_however_often_its_button_is_clicked(watched: Any) -> None:
    page = watched.open("/plain")
    page.fill("#field-login", "yamada")
    page.fill("#field-password", "correct horse")
    with page.expect_response("**/kept"):
        page.evaluate(
            """() => { const b = document.querySelector('form .button.primary');
                 b.click(); b.click(); b.click(); }"""
        )
    page.wait_for_load_state("networkidle")
    assert watched.asked == ["/kept"]


def test_a_dialog_opens_by_its_button_and_escape_gives_the_focus_back(watched: Any) -> None:
    page = watched.open("/design")
    page.click("[data-opens='gallery-confirm']")
    assert page.evaluate("document.querySelector('#gallery-confirm').open")
    assert page.evaluate("document.activeElement.closest('dialog').id") == "gallery-confirm"
    assert watched.violations() == []
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.dataset.opens") == "gallery-confirm"


def test_picking_rows_shows_what_can_be_done_with_them(watched: Any) -> None:
    page = watched.open("/design")
    page.check("[data-picks-all]")
    assert page.inner_text("[data-selection] p") == "3件を選択中"
    page.uncheck("[data-picks] >> nth=1")
    assert page.inner_text("[data-selection] p") == "2件を選択中"
    assert page.evaluate("document.querySelector('[data-picks-all]').indeterminate")


def test_on_a_telephone_all_rows_are_picked_above_their_cards(watched: Any) -> None:
    page = watched.open("/design")
    assert not page.is_visible("[data-picks-cards]")
    page.set_viewport_size({"width": 390, "height": 844})
    page.check("[data-picks-cards]")
    assert page.inner_text("[data-selection] p") == "3件を選択中"


def test_up_and_down_go_to_the_same_control_of_the_next_row(watched: Any) -> None:
    page = watched.open("/design?language=en")
    page.focus("#people tbody a >> nth=0")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.textContent") == "Taro Sato"
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    assert page.evaluate("document.activeElement.textContent") == "Hanako Yamada"


def test_a_hidden_column_is_hidden_in_head_and_rows_and_its_link_shows_it(
    watched: Any,
) -> None:
    page = watched.open("/design?language=en")
    assert page.is_hidden("#people th >> text=Login ID")
    assert page.is_hidden("#people td >> text=sato.taro")
    page.click(".list-tools summary")
    link = page.locator(".list-tools a", has_text="Login ID")
    assert link.get_attribute("href") == "/design?q=a"
    assert page.locator(".list-tools a", has_text="Role").get_attribute("href") == (
        "/design?q=a&hide=login%2Crole"
    )


def test_the_error_summary_leads_to_the_field(watched: Any) -> None:
    page = watched.open("/design")
    page.click(".error-summary a >> nth=0")
    assert page.evaluate("document.activeElement.id") == "field-login"


def test_a_file_is_dropped_and_named(watched: Any) -> None:
    page = watched.open("/design?language=en")
    page.evaluate(
        """() => { const files = new DataTransfer();
          files.items.add(new File(['x'.repeat(1500)], '住所.csv'));
          document.querySelector('[data-drop]').dispatchEvent(
            new DragEvent('drop', { dataTransfer: files, bubbles: true, cancelable: true })); }"""
    )
    assert page.inner_text(".drop-chosen") == "住所.csv (1.5 kB)"
    assert page.evaluate("document.querySelector('#field-file').files.length") == 1


def test_the_theme_is_kept_and_set_before_the_first_paint(watched: Any) -> None:
    page = watched.page
    page.goto("/plain?language=en")
    page.click("summary[title='Appearance']")
    page.click("[data-themes='dark']")
    page.reload()
    assert page.get_attribute("html", "data-theme") == "dark"
    assert page.get_attribute("[data-themes='dark']", "aria-pressed") == "true"


def test_a_clock_that_is_more_than_ten_seconds_off_is_told(watched: Any) -> None:
    page = watched.open("/plain?language=en")
    assert page.is_hidden("[data-clock]")
    page.goto("/plain?language=en&late=3600000")
    assert "differ by 60 minutes" in page.inner_text("[data-clock-text]")


def test_a_word_from_the_server_appears_as_a_toast(watched: Any) -> None:
    page = watched.open("/plain")
    page.evaluate(
        """() => document.body.dispatchEvent(new CustomEvent('toast',
          { bubbles: true, detail: { text: '<b>保存しました</b>' } }))"""
    )
    assert page.inner_text("[data-toasts] p") == "<b>保存しました</b>"
