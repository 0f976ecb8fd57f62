"""An appliance that owns its machine, its edge, and browsers on other hosts of its network."""

import contextlib
import signal
import stat
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Playwright

from tests.browser.conftest import ARGUMENTS
from tests.hosts import Host, Network, network
from tests.integration.edge import nginx
from tests.running import Copy, launch, wait_until

MANAGED_ADDRESS, OPEN_ADDRESS = "10.77.1.1", "10.77.2.1"


@dataclass
class Site:
    """The appliance on the host `appliance`, with nginx in front."""

    net: Network
    copy: Copy
    edge: subprocess.Popen[bytes]

    @property
    def console(self) -> str:
        return f"https://{MANAGED_ADDRESS}:8443"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One appliance, unclaimed."""
    folder = tmp_path_factory.mktemp("site")
    with network() as net:
        told = {
            "TENSHU_EDGE": "1",
            "TENSHU_MACHINE_ROOT": str(folder / "root"),
            "TENSHU_CONSOLE_PORT": "8443",
            "TENSHU_WORKSPACE_PORT": "443",
            "TENSHU_HOST_NAMES": f"{MANAGED_ADDRESS},{OPEN_ADDRESS}",
        }
        # a process belongs to the network of the thread that starts it
        copy = net.appliance.call(lambda: launch(folder, **told))
        configuration = folder / "root/etc/nginx/nginx.conf"
        wait_until(configuration.exists, "the machine is set up")
        command = [nginx(), "-c", str(configuration), "-g", "daemon off;"]
        with (folder / "nginx.log").open("wb") as log:
            edge = net.appliance.call(lambda: subprocess.Popen(command, stderr=log))
        try:
            wait_until((folder / "root/run/nginx.pid").exists, "nginx runs")
            yield Site(net, copy, edge)
        finally:
            edge.send_signal(signal.SIGTERM)
            edge.wait(20)
            copy.end()


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
