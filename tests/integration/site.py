"""An appliance that owns its machine, with nginx in front, and two hosts around it."""

import contextlib
import signal
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.hosts import Network, network
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


@contextlib.contextmanager
def running_site(folder: Path, before: Callable[[Network], None] | None = None) -> Iterator[Site]:
    """One appliance, unclaimed; `before` readies its host."""
    with network() as net:
        if before:
            before(net)
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
            wait_until(lambda: net.manage.tcp(MANAGED_ADDRESS, 8443) == "open", "nginx answers")
            yield Site(net, copy, edge)
        finally:
            edge.send_signal(signal.SIGTERM)
            edge.wait(20)
            copy.end()
