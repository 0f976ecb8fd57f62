"""Two machines with one address: it is not taken, it is told whose it is, and it comes back (S4).

Real systemd-networkd on the planned files, on a cable at whose other end somebody has the address;
beside it the process that looks after the neighbours.
"""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.contract.configuration.reading import read_document
from appliance.contract.faults.state import FaultKind
from appliance.faults.addresses import address_faults
from tests.hosts import Host, ip
from tests.integration.appliance.machine.plan.test_pulled_cables import networkd, two_cables
from tests.running import ROOT, wait_until

pytestmark = pytest.mark.skipif(os.getuid() != 0, reason="making a network namespace takes root")

OURS = "10.77.1.9"
DOCUMENT = f"""
[[network.interfaces]]
name = "one"
zones = ["service", "management"]
addresses = ["{OURS}/24"]
"""
LOOK = 'mount --bind "$1" /etc/systemd/network; exec "$2" -P -m appliance.faults.neighbours'


@contextlib.contextmanager
def neighbours(host: Host, folder: Path) -> Iterator[Path]:
    """Let the process look; give the file in which it tells."""
    told = folder / "taken.json"
    inside = ["unshare", "--mount", "bash", "-c", LOOK, "-", str(folder / "network")]
    process = subprocess.Popen(
        host.command(*inside, sys.executable),
        env=os.environ | {"TENSHU_NEIGHBOURS": str(told), "PYTHONPATH": str(ROOT)},
    )
    try:
        yield told
    finally:
        process.terminate()
        assert process.wait(20) == 0


def has(host: Host) -> bool:
    return f"{OURS}/24" in host.run("ip", "-4", "address", "show", "one")


def card(host: Host) -> str:
    return host.run("cat", "/sys/class/net/one/address").strip()


def taken(told: Path) -> list[tuple[FaultKind, str, str]]:
    return [(one.kind, one.subject, one.other) for one in address_faults(told) or []]


@pytest.mark.timeout(120)
def test_an_address_of_somebody_else_is_not_taken_and_is_told_with_whose_it_is_S4(
    tmp_path: Path,
) -> None:
    with two_cables() as (near, far):
        ip("-n", far.name, "address", "add", f"{OURS}/24", "dev", "one")
        document = read_document(DOCUMENT)
        with networkd(near, document, tmp_path), neighbours(near, tmp_path) as told:
            found = [(FaultKind.address_taken, OURS, card(far))]
            wait_until(lambda: taken(told) == found, "it is told whose it is", 30)
            wait_until(lambda: "conflict" in (tmp_path / "log").read_text(), "noticed", 20)
            assert not has(near), "the other keeps it"
            ip("-n", far.name, "address", "del", f"{OURS}/24", "dev", "one")
            wait_until(lambda: taken(told) == [], "it is free", 40)


@pytest.mark.slow  # networkd asks for seconds, too
@pytest.mark.timeout(120)
def test_who_takes_the_address_while_the_machine_runs_is_told_too_and_nobody_else_S4(
    tmp_path: Path,
) -> None:
    with two_cables() as (near, far), networkd(near, read_document(DOCUMENT), tmp_path):
        wait_until(lambda: has(near), "the address is ours", 30)
        with neighbours(near, tmp_path) as told:
            wait_until(lambda: address_faults(told) is not None, "it has looked", 20)
            assert taken(told) == [], "the far end's own address is no fault"
            ip("-n", far.name, "address", "add", f"{OURS}/24", "dev", "one")
            found = [(FaultKind.address_taken, OURS, card(far))]
            wait_until(lambda: taken(told) == found, "it is told", 30)
            ip("-n", near.name, "link", "set", "one", "down")
            wait_until(lambda: taken(told) == [], "nobody is heard on a cable that is down", 40)
