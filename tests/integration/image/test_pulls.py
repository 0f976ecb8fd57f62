"""The disk that started the machine is pulled at a moment nobody chose, while it writes (S1).

Twenty times, each time the same machine at the same moment: two disks, and both hold everything.
"""

import random
import secrets
from collections.abc import Iterator

import pytest

from tests.debian import appliance_disk
from tests.guest.firmware import firmware
from tests.guest.machine import guest
from tests.guest.snapshots import Moment, Pulled, overlay
from tests.integration.image.two_disks import Writer, empty, kept, listed, standing
from tests.running import wait_until

pytestmark = [
    pytest.mark.image,
    pytest.mark.timeout(1500),
]

PULLS, AT_ONCE = 20, 5
WRITES = 30
BEFORE = (1, 20)
"""How many are acknowledged when the disk is pulled."""


@pytest.fixture(scope="module")
def mirrored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Moment]:
    """A machine whose second disk has just become a whole copy."""
    folder = tmp_path_factory.mktemp("pulled")
    bases = [appliance_disk().raw, empty(folder, "empty")]
    disks = [
        Pulled(overlay(base, folder, name), place(name, number))
        for number, (name, base) in enumerate(zip(("one", "two"), bases, strict=True))
    ]
    options = [*firmware(folder / "variables"), "-m", "2048", "-device", "virtio-scsi-pci,id=scsi0"]
    for disk in disks:
        options += disk.options()
    with guest(folder / "guest", options) as found:

        def is_mirrored() -> bool:
            told = listed(found)
            return bool(told and told["standing"] == "mirrored" and not told["taking"])

        # nothing else is to be done: the mirrors are filled as fast as the emulator can
        found.said("sh", "-c", "echo 400000 > /proc/sys/dev/raid/speed_limit_min")
        wait_until(is_mirrored, "the second disk is taken in by itself", 700)
        moment = Moment(found, disks)
        moment.keep()
        yield moment


def place(name: str, number: int) -> dict[str, object]:
    where = {"bus": "scsi0.0", "channel": 0, "scsi-id": number, "lun": 0}
    return {"driver": "scsi-hd", "id": name, "serial": name, **where}


def pull(moment: Moment, chance: random.Random) -> None:
    """Pull the disk it started from, and see that nothing acknowledged is lost."""
    moment.bring_back()
    found, disk = moment.found, moment.disks[0].file
    writer = Writer(found, 0, WRITES)
    writer.start()
    before = chance.randint(*BEFORE)
    wait_until(lambda: len(writer.acknowledged) >= before, "it writes", 60)
    found.ask_monitor("device_del", id=disk.name)
    writer.join(240)
    assert not writer.failure
    assert writer.acknowledged == list(range(WRITES))
    wait_until(lambda: standing(found) == "lost", "the loss is noticed", 60)
    found.said("sh", "-c", "echo 3 > /proc/sys/vm/drop_caches")
    assert kept(found) == writer.acknowledged, "from the disk that is left"
    assert found.said("systemctl", "--failed", "--no-legend", "--plain") == ""


def test_the_boot_disk_is_pulled_under_load_and_the_work_goes_on_S1(mirrored: Moment) -> None:
    chance = random.Random(secrets.randbits(32))
    for _ in range(2):
        pull(mirrored, chance)


@pytest.mark.slow
@pytest.mark.parametrize("begin", range(0, PULLS, AT_ONCE))
def test_twenty_times_out_of_twenty_nothing_acknowledged_is_lost_S1(
    mirrored: Moment, begin: int
) -> None:
    for seed in range(begin, begin + AT_ONCE):
        pull(mirrored, random.Random(seed))
