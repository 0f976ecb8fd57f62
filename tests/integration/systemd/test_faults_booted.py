"""Faults at a first start: a clock in 1970, and no network at all, in a Debian that systemd boots.

The wall clock is that of our own programs (`tests.integration.wall_clock`), the kernel's is the
host's; the only interface is the container's own loopback.
"""

import os
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509

from appliance.contract.configuration.reading import read_document
from appliance.machine.facts import Facts
from appliance.machine.plan import network
from tests.debian import appliance, layered
from tests.hosts import Host, ip
from tests.integration.preloaded import compiled
from tests.integration.systemd.booted import Booted, booted
from tests.integration.systemd.test_screen_booted import Held
from tests.integration.wall_clock import SOURCE
from tests.running import wait_until

pytestmark = [
    pytest.mark.image,
    pytest.mark.slow,
    pytest.mark.together("debian-13-booted-faults"),
    pytest.mark.timeout(600),
]

MADE = 1_000_000_000
"""2001: when the system of this machine was made."""
AT_START = 20
"""Seconds after 1970 at which a machine without a battery is."""
CLOCK = "var/lib/tenshu/clock"
DROP_IN = f"""\
[Service]
Environment=LD_PRELOAD=/usr/lib/wall_clock.so WALL_CLOCK=/{CLOCK}
"""
OWN = "var/lib/tenshu/data/tls"


@dataclass
class Lost:
    """A machine that does not know the time, and has no network."""

    machine: Booted
    root: Path

    def put(self) -> None:
        """Put its clock right, as a time server would."""
        (self.root / CLOCK).write_text("0")

    def certificate(self, name: str) -> x509.Certificate:
        (path,) = sorted((self.root / OWN).glob(name))
        return x509.load_pem_x509_certificate(path.read_bytes())

    def shown(self) -> x509.Certificate:
        """What the console shows at this moment."""
        code = "import ssl; print(ssl.get_server_certificate(('127.0.0.1', 8443)))"
        return x509.load_pem_x509_certificate(self.machine.said("python3", "-c", code).encode())

    def plan(self, document: str) -> None:
        """Put the planned files of the network, as an apply would: for it, a veth is no cable."""
        for file in network.files(read_document(document), Facts(run="/run", certificates={})):
            if file.path.startswith(network.FOLDER):
                (self.root / file.path).parent.mkdir(parents=True, exist_ok=True)
                (self.root / file.path).write_text(file.content)
        self.machine.run("networkctl", "reload")

    def faults(self) -> list[str]:
        return [one["kind"] for one in self.machine.result("ListFaults")["standing"]]


@pytest.fixture(scope="module")
def lost(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lost]:
    folder = tmp_path_factory.mktemp("faults")
    with layered(appliance(), folder / "root") as root:
        (root / "usr/lib/wall_clock.so").write_bytes(compiled(SOURCE, folder).read_bytes())
        drop_in = root / "etc/systemd/system/tenshu-.service.d/99-clock.conf"
        drop_in.parent.mkdir(parents=True, exist_ok=True)
        drop_in.write_text(DROP_IN)
        (root / CLOCK).parent.mkdir(parents=True, exist_ok=True)
        (root / CLOCK).write_text(str(AT_START - int(time.time())))
        (root / CLOCK).chmod(0o644)
        os.utime(root / "usr", (MADE, MADE))
        with booted(root, f"tenshu-faults-{os.getpid()}") as machine:
            yield Lost(machine, root)


def test_without_any_network_nothing_waits_and_the_screen_says_what_to_do_S9(lost: Lost) -> None:
    machine = lost.machine
    links = machine.said("ls", "/sys/class/net").split()
    assert links == ["lo"]
    wait_until(lambda: machine.said("systemctl", "list-jobs", "--no-legend") == "", "no job", 120)
    assert machine.property("tenshu.target", "ActiveState") == "active"
    assert machine.property("multi-user.target", "ActiveState") == "active"
    waiting = machine.property("systemd-networkd-wait-online.service", "ActiveState")
    assert waiting == "inactive", "nothing asks for it"
    terminal = Held(machine)
    machine.run("systemctl", "start", "--no-block", terminal.unit)
    try:
        wait_until(lambda: "No address yet" in terminal.shown(), "the screen says so", 60)
        wait_until(lambda: "Claim code" in terminal.shown(), "and how to begin", 60)
    finally:
        machine.run("systemctl", "stop", terminal.unit)
        terminal.end()


def test_a_clock_in_1970_is_put_to_the_systems_own_day_and_told_on_the_screen_METI_46(
    lost: Lost,
) -> None:
    assert lost.faults() == ["clock_unset"]
    told = lost.machine.result("ListFaults")["standing"][0]
    assert told["subject"].startswith("1970-01-01T00:"), told
    assert told["other"] == "2001-09-09T01:46:40Z"
    assert lost.shown().not_valid_before_utc.year == 2001, "made by that clock"
    terminal = Held(lost.machine)
    lost.machine.run("systemctl", "start", "--no-block", terminal.unit)
    try:
        wait_until(lambda: "The clock is wrong" in terminal.shown(), "the screen says so", 90)
        assert "Name a time" in re.sub(r"\s+", " ", terminal.shown()), "and what to do"
    finally:
        lost.machine.run("systemctl", "stop", terminal.unit)
        terminal.end()


SAME = "192.0.2.77"
NETWORK = f"""\
format = 1
[[network.interfaces]]
name = "serve0"
zones = ["service", "management"]
addresses = ["{SAME}/24"]
"""


def takes(machine: Booted) -> bool:
    return f"{SAME}/24" in machine.said("ip", "-4", "address", "show", "serve0")


def test_an_address_of_somebody_else_is_told_on_the_screen_and_taken_once_it_is_free_S4(
    lost: Lost,
) -> None:
    machine, other = lost.machine, Host(f"tenshu-{os.getpid()}-same")
    try:
        process = str(machine.first_process)
        ip("link", "add", "serve0", "netns", process, "type", "veth",
           "peer", "same0", "netns", other.name)  # fmt: skip
        ip("-n", other.name, "link", "set", "same0", "up")
        ip("-n", other.name, "address", "add", f"{SAME}/24", "dev", "same0")
        card = other.run("cat", "/sys/class/net/same0/address").strip()
        lost.plan(NETWORK)
        terminal = Held(machine)
        machine.run("systemctl", "start", "--no-block", terminal.unit)
        wait_until(lambda: card in terminal.shown(), "the screen says whose it is", 120)
        machine.run("systemctl", "stop", terminal.unit)
        terminal.end()
        assert "address_taken" in lost.faults()
        assert not takes(machine), "the other keeps it"
        ip("-n", other.name, "address", "del", f"{SAME}/24", "dev", "same0")
        wait_until(lambda: takes(machine), "the machine has it", 90)
        wait_until(lambda: "address_taken" not in lost.faults(), "and that is over", 60)
        assert takes(machine)
    finally:
        other.close()


def test_once_a_time_server_puts_it_decades_on_certificates_are_made_anew_and_all_goes_on_METI_46(
    lost: Lost,
) -> None:
    machine = lost.machine
    before = {
        unit: machine.main_process(f"tenshu-{unit}.service")
        for unit in ("agent", "sealer", "console", "workspace", "worker")
    }
    authority = lost.certificate("authority.pem")
    lost.put()
    wait_until(lambda: lost.faults() == [], "the clock is believed", 60)
    wait_until(lambda: lost.shown().not_valid_after_utc.year > 2020, "another certificate", 120)
    leaf, signer = lost.shown(), lost.certificate("authority.pem")
    for one in (leaf, signer):
        assert (
            one.not_valid_before_utc.timestamp() < time.time() < one.not_valid_after_utc.timestamp()
        )
    leaf.verify_directly_issued_by(signer)
    assert signer.public_key() == authority.public_key(), "whom people trust stays"
    happened = machine.result("ListFaults")["happenings"]
    of_clock = [one for one in reversed(happened) if one["kind"].startswith("clock")]
    assert [(one["kind"], one["over"]) for one in of_clock] == [
        ("clock_unset", False),
        ("clock_jumped", False),
        ("clock_unset", True),
    ]
    assert machine.healthy(8443)
    assert machine.healthy(443) or machine.healthy(8444)
    after = {unit: machine.main_process(f"tenshu-{unit}.service") for unit in before}
    assert after == before, "nobody died of it"
    verified = machine.run(
        "env", "TENSHU_DATA=/var/lib/tenshu/data", "TENSHU_KEYS=/var/lib/tenshu/keys",
        "tenshu", "audit", "verify",
    )  # fmt: skip
    assert verified.returncode == 0, verified.stdout + verified.stderr
    code = machine.said("cat", "/run/tenshu-screen/claim-code")
    assert code, "whoever stands there claims it still"
