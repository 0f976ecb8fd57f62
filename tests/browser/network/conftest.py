"""An appliance that owns its machine, its edge, and browsers on other hosts of its network."""

import contextlib
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Playwright

from tests.browser.conftest import ARGUMENTS
from tests.hosts import Host
from tests.integration.site import Site, running_site


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One appliance, unclaimed."""
    with running_site(tmp_path_factory.mktemp("site")) as started:
        yield started


@contextlib.contextmanager
def browser_on(playwright: Playwright, host: Host, folder: Path) -> Iterator[Browser]:
    """A real Chromium whose whole network is the host's."""
    program = folder / f"chromium-{host.name}"
    program.write_text(f'#!/bin/sh\nexec ip netns exec {host.name} /usr/bin/chromium "$@"\n')
    program.chmod(stat.S_IRWXU)
    chromium = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
    try:
        yield chromium
    finally:
        chromium.close()
