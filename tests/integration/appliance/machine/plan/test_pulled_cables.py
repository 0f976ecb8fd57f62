"""A cable is pulled under load (S4): of two default routers the second takes over.

Real systemd-networkd on the planned files, between two hosts with two cables. The far host serves a
port behind both; somebody connects to it all the time. How long nobody got through is measured.
Bonds need a kernel that has them: test_pulled_members.py.
"""

import contextlib
import os
import secrets
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.contract.configuration.document import Document
from appliance.contract.configuration.reading import read_document
from appliance.machine.facts import Facts
from appliance.machine.links import silent
from appliance.machine.plan import network
from tests.hosts import LONGEST, Host, cable, ip, longest_silence, probe
from tests.running import wait_until

PORT = 8443
FAR = "198.51.100.1"
"""An address of the far host that lies behind each of the cables."""
TWO_ROUTERS = """
[[network.interfaces]]
name = "one"
zones = ["service"]
addresses = ["10.77.1.1/24"]
gateways = ["10.77.1.2"]
[[network.interfaces]]
name = "two"
zones = ["management"]
addresses = ["10.77.2.1/24"]
gateways = ["10.77.2.2"]
"""
SCRIPT = """
set -eu
mount -o remount,bind,ro /sys
mount -t tmpfs tmpfs /run
install -d -o systemd-network -g systemd-network /run/systemd/netif
mount --bind "$1" /etc/systemd/network
SYSTEMD_LOG_TARGET=console exec /lib/systemd/systemd-networkd
"""


@contextlib.contextmanager
def two_cables() -> Iterator[tuple[Host, Host]]:
    token = secrets.token_hex(3)
    near, far = (Host(f"tenshu-{token}-{name}") for name in ("near", "far"))
    try:
        cable(near, "one", far, "one", 1)
        cable(near, "two", far, "two", 2)
        for name in ("one", "two"):  # networkd gives the near host its addresses
            ip("-n", near.name, "address", "flush", "dev", name)
        ip("-n", far.name, "address", "add", f"{FAR}/32", "dev", "lo")
        ip("-n", far.name, "route", "add", "default", "via", "10.77.2.1")
        far.listen(PORT)
        near.listen(PORT)
        yield near, far
    finally:
        near.close()
        far.close()


@contextlib.contextmanager
def networkd(host: Host, document: Document, folder: Path) -> Iterator[None]:
    """Run it on the planned files."""
    files = folder / "network"
    files.mkdir()
    for file in network.files(document, Facts(run="/run", certificates={})):
        if file.path.startswith(network.FOLDER):
            (files / Path(file.path).name).write_text(file.content)
    for one in (folder, files):
        one.chmod(0o755)
    inside = ["unshare", "--mount", "bash", "-c", SCRIPT, "-", str(files)]
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(host.command(*inside), stdout=log, stderr=log)
    try:
        yield
    finally:
        server.terminate()
        server.wait(20)


@contextlib.contextmanager
def pulled(far: Host, name: str) -> Iterator[None]:
    """The far end of a cable is down: the near one has no carrier."""
    ip("-n", far.name, "link", "set", name, "down")
    yield


def default_router(host: Host) -> str:
    return host.run("ip", "route", "get", FAR).split(" via ")[-1].split()[0]


@pytest.mark.skipif(os.getuid() != 0, reason="making a network namespace takes root")
def test_the_second_default_router_takes_over_when_the_first_cable_is_pulled_S4(
    tmp_path: Path,
) -> None:
    document = read_document(TWO_ROUTERS)
    with two_cables() as (near, far), networkd(near, document, tmp_path):
        wait_until(lambda: near.run("ip", "route").count("default") == 2, "both are there", 20)
        wait_until(lambda: near.tcp(FAR, PORT) == "open", "the far host answers", 20)
        assert default_router(near) == "10.77.1.2"
        assert near.call(silent, document) == ()
        assert longest_silence(lambda: near.tcp(FAR, PORT) == "open", pulled(far, "one")) < LONGEST
        assert default_router(near) == "10.77.2.2"
        assert near.call(silent, document) == ("one",), "the overview warns of it"
        assert far.call(probe, "10.77.2.1", PORT) == "open", "the console is reached as before"
        ip("-n", far.name, "link", "set", "one", "up")
        wait_until(lambda: default_router(near) == "10.77.1.2", "the first is back", 20)
        assert near.call(silent, document) == ()
