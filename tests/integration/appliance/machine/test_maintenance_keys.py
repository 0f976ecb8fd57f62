"""Keys in devices, and keys that are none, before a real sshd (S11)."""

from collections.abc import Iterator

import pytest

from appliance.contract.maintenance.errors import KeyNotInDevice, KeyTooWeak, KeyUnreadable
from tests.hosts import network
from tests.integration.appliance.machine.conftest import LOCAL
from tests.integration.appliance.machine.device import TOUCHED, Device
from tests.integration.appliance.machine.maintaining import Maintained, maintained

REFUSED = "Permission denied (publickey)"
CERTIFIED = "ssh-ed25519-cert-v01@openssh.com AAAAIHNzaC1lZDI1NTE5LWNlcnQtdjAxQG9wZW5zc2guY29t"


@pytest.fixture(scope="module")
def site() -> Iterator[Maintained]:
    with network() as net, maintained(net) as found:
        yield found


@pytest.fixture
def machine(site: Maintained) -> Iterator[Maintained]:
    yield site
    if window := site.rooms.book.opened():
        site.windows.close(LOCAL, window.number)


def come(machine: Maintained, device: Device) -> tuple[int, str]:
    """Come in with a device; return how it ended and what was shown."""
    with device.plugged_in(machine.keys / "agent") as path:
        ended = machine.run_from(machine.net.manage, machine.ssh("disk", device=path))
    return ended.returncode, ended.stdout + ended.stderr


@pytest.mark.parametrize("hardware", [True, False])
def test_a_key_in_a_device_lets_its_person_in_S11(machine: Maintained, hardware: bool) -> None:
    device = Device()
    opened = machine.open(key=device.public, hardware=hardware)
    assert opened.window.key_type == "ED25519-SK"
    device.certify(opened.window.certificate)
    code, shown = come(machine, device)
    assert (code, "Filesystem" in shown) == (0, True), shown
    assert device.counter == 1, "it was the device that was asked"


def test_where_a_device_is_wanted_it_must_be_unlocked_not_only_touched_S11(
    machine: Maintained,
) -> None:
    device = Device(flags=TOUCHED)
    device.certify(machine.open(key=device.public, hardware=True).window.certificate)
    code, shown = come(machine, device)
    assert (code, device.counter) == (255, 1)
    assert REFUSED in shown


def test_a_device_that_nobody_touched_lets_nobody_in_S11(machine: Maintained) -> None:
    device = Device(flags=0)
    device.certify(machine.open(key=device.public).window.certificate)
    code, shown = come(machine, device)
    assert (code, device.counter) == (255, 1)
    assert REFUSED in shown


def test_where_a_device_is_wanted_a_key_in_a_file_is_refused_with_the_reason_S11(
    machine: Maintained,
) -> None:
    for key in (machine.generate("vendor"), ""):
        with pytest.raises(KeyNotInDevice) as refused:
            machine.open(key=key, hardware=True)
        assert "sk-ssh-ed25519" in refused.value.hint
    assert machine.rooms.book.opened() is None


@pytest.mark.parametrize("key", ["ssh-ed25519", "hello", "ssh-ed25519 AAAA", CERTIFIED])
def test_what_is_no_key_is_refused_in_words_S11(machine: Maintained, key: str) -> None:
    with pytest.raises(KeyUnreadable) as refused:
        machine.open(key=key)
    assert ".pub" in refused.value.hint
    assert "/" not in str(refused.value), "no path of the machine is told"


def test_a_weak_key_is_refused_S11(machine: Maintained) -> None:
    made = machine.generate("weak", "-t", "rsa", "-b", "2048")
    with pytest.raises(KeyTooWeak, match="2048"):
        machine.open(key=made)
