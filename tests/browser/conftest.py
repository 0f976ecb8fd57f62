"""One browser for all suites of a session."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Playwright, sync_playwright

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--lang=ja",
]


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """Playwright runs once a process: a second one beside it is refused."""
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """Debian's Chromium, headless."""
    chromium = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
    yield chromium
    chromium.close()
