"""How the gallery looks: axe-core, the policy, widths, sizes, weight."""

from typing import Any

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

WIDTHS = (390, 640, 768, 1280, 1920)
"""CSS pixels; 640 is a window of 1280 at 200 % zoom (WCAG 2.2, 1.4.4)."""
KILOBYTE = 1000


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("theme", ["light", "dark", "contrast"])
@pytest.mark.parametrize("path", ["/design", "/plain", "/workspace"])
def test_axe_finds_nothing_and_the_policy_holds_in_both_languages_and_all_themes(
    watched: Any, path: str, theme: str, language: str
) -> None:
    page = watched.open(f"{path}?language={language}", theme)
    if path == "/design":
        expect(page.locator(".uplot")).to_have_count(2)
    assert watched.violations() == []
    assert watched.complaints == []


def test_axe_finds_a_planted_fault(watched: Any) -> None:
    page = watched.open("/plain")
    page.evaluate("document.querySelector('label').remove()")
    assert any(line.startswith("label") for line in watched.violations())


def test_an_inline_style_is_refused_so_the_policy_is_seen_to_work(watched: Any) -> None:
    page = watched.open("/plain")
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<p style=\"color:red\">')")
    assert any("Content Security Policy" in text for text in watched.complaints)


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("width", WIDTHS)
def test_no_page_is_wider_than_its_window(watched: Any, width: int, language: str) -> None:
    for path in ("/design", "/plain", "/workspace"):
        watched.page.set_viewport_size({"width": width, "height": 800})
        page = watched.open(f"{path}?language={language}")
        wide = page.evaluate(
            """() => [...document.querySelectorAll('body *')]
              .filter((e) => e.getBoundingClientRect().right > innerWidth + 1
                && e.checkVisibility() && !e.closest('.table-frame, .tabs, .unseen'))
              .map((e) => e.outerHTML.slice(0, 120))"""
        )
        assert wide == [], path
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path


def test_no_text_is_smaller_than_14_pixels(watched: Any) -> None:
    page = watched.open("/design")
    small = page.evaluate(
        """() => [...document.querySelectorAll('body *')]
          .filter((e) => e.checkVisibility() && parseFloat(getComputedStyle(e).fontSize) < 14
            && [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()))
          .map((e) => e.outerHTML.slice(0, 120))"""
    )
    assert small == []


def test_the_first_page_weighs_less_than_150_kilobytes_with_everything_it_loads(
    watched: Any,
) -> None:
    weights: dict[str, int] = {}
    watched.page.on("response", lambda answer: weights.update({answer.url: len(answer.body())}))
    watched.open("/plain").wait_for_load_state("networkidle")
    assert len(weights) >= 4
    assert sum(weights.values()) < 150 * KILOBYTE


def test_on_a_phone_every_cell_of_a_list_tells_its_heading(watched: Any) -> None:
    watched.page.set_viewport_size({"width": 390, "height": 800})
    page = watched.open("/design?language=en")
    labels = page.eval_on_selector_all(
        "#people tbody tr:first-child td", "c => c.map(e => e.dataset.label)"
    )
    assert labels[1:4] == ["Name", "Login ID", "Role"]
    page.click(".top-menu")
    assert page.is_visible("#side a >> nth=0")
