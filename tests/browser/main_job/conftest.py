"""Real browsers on a real copy of the appliance: each page is watched for errors while it runs."""

import lzma
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.running import ROOT, Copy, start_copy

ADDRESSES = ROOT.parent / "shared" / "data" / "japanese-addresses.csv.xz"
PICTURES = os.environ.get("TENSHU_TEST_PICTURES", "")
"""Folder for screenshots of every step; empty: none are taken."""


class Person:
    """One person at a browser of their own."""

    def __init__(self, browser: Browser, name: str, language: str = "ja-JP") -> None:
        self.name = name
        self.context: BrowserContext = browser.new_context(
            ignore_https_errors=True,
            locale=language,
            viewport={"width": 1280, "height": 900},
            accept_downloads=True,
        )
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(30_000)
        self.faults: list[str] = []
        self.steps = 0
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on(
            "console",
            lambda message: (
                self.faults.append(message.text)
                if message.type == "error" and "Content Security Policy" in message.text
                else None
            ),
        )

    def picture(self, name: str) -> None:
        self.steps += 1
        if PICTURES:
            path = Path(PICTURES) / f"{self.name}-{self.steps:02}-{name}.png"
            self.page.screenshot(path=path, full_page=True)

    def close(self) -> None:
        self.context.close()
        assert self.faults == []


@pytest.fixture
def copy(tmp_path: Path) -> Iterator[Copy]:
    with start_copy(tmp_path / "first") as running:
        yield running


@pytest.fixture
def addresses(tmp_path: Path) -> Path:
    if not ADDRESSES.exists():
        pytest.skip("shared/data/japanese-addresses.csv.xz is absent")
    path = tmp_path / "japanese-addresses.csv"
    path.write_bytes(lzma.decompress(ADDRESSES.read_bytes()))
    return path
