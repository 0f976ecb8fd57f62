"""A seed on a second disk, in a Debian 13 that systemd boots: read once, before the network."""

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.seed.iso_writing import write_iso
from tests.debian import appliance, layered
from tests.integration.systemd.booted import Booted, booted
from tests.running import wait_until

pytestmark = [
    pytest.mark.image,
    pytest.mark.together("debian-13-booted-seed"),
    pytest.mark.timeout(600),
]

SEED = b"""\
ntp = ["192.0.2.123"]
[appliance.access]
console = ["office"]
[appliance.access.lists.office]
networks = ["10.1.2.0/24", "127.0.0.0/8"]
"""


@contextlib.contextmanager
def disk(image: Path) -> Iterator[str]:
    """Give a block device that is this image."""
    made = subprocess.run(
        ["losetup", "--find", "--show", "--read-only", image],
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode != 0:
        pytest.skip(f"no loop devices here: {made.stderr}")
    device = made.stdout.strip()
    try:
        yield device
    finally:
        subprocess.run(["losetup", "--detach", device], check=True)


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Booted]:
    """The appliance at its first start, with a seed attached."""
    folder = tmp_path_factory.mktemp("seeded")
    image = folder / "seed.iso"
    image.write_bytes(write_iso(SEED))
    with (
        disk(image) as device,
        layered(appliance(), folder / "root") as root,
        booted(root, f"tenshu-seed-{os.getpid()}", f"--bind-ro={device}") as machine,
    ):
        yield machine


def test_a_seed_holds_before_the_network_comes_up_and_stands_in_the_history_F6(
    seeded: Booted,
) -> None:
    found = seeded.result("ReadConfiguration")
    assert (found["seed"]["outcome"], found["version"], found["drift"]) == ("applied", 1, [])
    assert "server 192.0.2.123" in seeded.said("cat", "/etc/chrony/chrony.conf")
    assert "10.1.2.0/24" in seeded.rules()
    for unit in ("tenshu-seed.service", "tenshu-starting.service"):
        assert seeded.property(unit, "Result") == "success", unit
        decided = int(seeded.property(unit, "ActiveEnterTimestampMonotonic"))
        for later in ("nftables.service", "systemd-networkd.service"):
            assert decided < int(seeded.property(later, "ActiveEnterTimestampMonotonic")), later

    def told() -> bool:
        code = (
            "import sqlite3; c = sqlite3.connect('/var/lib/tenshu/data/audit/sealed.sqlite');"
            "print(c.execute('select content from events where verb = ?', ['machine.seed'])"
            ".fetchall())"
        )
        return '"outcome":"applied"' in seeded.said("python3", "-c", code)

    wait_until(told, "the history tells of the seed", 30)


def test_a_seed_that_stays_attached_is_not_read_at_the_next_start(seeded: Booted) -> None:
    seeded.cut_power()
    seeded.boot()
    assert seeded.property("tenshu-seed.service", "ConditionResult") == "no"
    found = seeded.result("ReadConfiguration")
    assert (found["seed"]["outcome"], found["version"]) == ("applied", 1)
