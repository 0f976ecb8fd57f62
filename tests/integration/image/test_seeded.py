"""A seed gives a machine its address before the network, and another UUID makes it a copy.

In a guest: a container has no network cards, no firmware and no disks of its own.
"""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.seed.iso_writing import write_iso
from tests.debian import writable_disk
from tests.guest.firmware import firmware
from tests.guest.machine import Guest, guest, nvme, wait_inside

pytestmark = [
    pytest.mark.image,
    pytest.mark.emulated,
    pytest.mark.slow,
    pytest.mark.together("seeded"),
    pytest.mark.timeout(900),
]

SEED = b"""\
hostname = "kura.example.co.jp"
address = "10.77.1.1/24"
gateway = "10.77.1.254"
dns = ["10.77.1.53"]
"""
FIRST, SECOND = "4c4c4544-0042-3510-8052-b4c04f4e4c32", "9b1c7a52-11f0-4a7e-8d7b-6b0a3d3c9a10"
"""Which machine it is, as its firmware says (SMBIOS)."""
DATA = "/var/lib/tenshu/data"
MAC = "52:54:00:00:77:11"
CARD = ("-netdev", "user,id=end,restrict=on", "-device",
        f"virtio-net-pci,netdev=end,addr=0x11,mac={MAC},romfile=")  # fmt: skip


@contextlib.contextmanager
def machine(disk: Path, name: str, uuid: str, *more: str) -> Iterator[Guest]:
    options = [*firmware(disk.with_name("variables")), *nvme(disk), "-m", "2048", *CARD]
    with guest(disk.with_name(name), [*options, "-uuid", uuid, *more]) as found:
        yield found


def read(found: Guest, path: str) -> dict[str, object]:
    """Return a file of the machine as soon as it is there."""
    wait_inside(lambda: found.run("test", "-s", path).returncode == 0, f"{path} is written", 240)
    read: dict[str, object] = json.loads(found.said("cat", path))
    return read


def test_a_seed_gives_the_address_before_the_network_and_another_uuid_makes_a_copy_S9(
    tmp_path: Path,
) -> None:
    disk = writable_disk(tmp_path)
    seed = tmp_path / "seed"
    seed.write_bytes(write_iso(SEED))
    with machine(disk, "first", FIRST, *nvme(seed)) as found:
        record = read(found, f"{DATA}/machine/seed.json")
        assert record["outcome"] in ("accepted", "applied"), record
        identity = read(found, f"{DATA}/machine/identity.json")
        assert (identity["hardware"], identity["cards"]) == (FIRST, [MAC])

        def has_its_address() -> bool:
            return "10.77.1.1/24" in found.said("ip", "-o", "address", "show", "enp0s17")

        wait_inside(has_its_address, "it has its address", 120)
        assert "via 10.77.1.254" in found.said("ip", "route", "show", "default")
        assert found.said("cat", "/etc/hostname") == "kura"
        found.said("sync")
    with machine(disk, "second", SECOND) as found:
        doubt = read(found, f"{DATA}/doubt.json")
        was, now = doubt["before"], doubt["now"]
        assert isinstance(was, dict)
        assert isinstance(now, dict)
        assert (was["hardware"], now["hardware"]) == (FIRST, SECOND)
