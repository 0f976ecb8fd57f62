"""`tenshu maintenance` with a real agent and sshd (S11)."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.contract.maintenance.state import Ending
from appliance.place import load_place
from tests.hosts import network
from tests.integration.appliance.machine.maintaining import Maintained, maintained

OPEN = ("--who", "山田 太郎", "--why", "ディスクの警告", "--from", "10.77.1.2", "--minutes", "15")


@pytest.fixture(scope="module")
def site() -> Iterator[Maintained]:
    with network() as net, maintained(net) as found:
        yield found


@pytest.fixture
def machine(site: Maintained, environ: dict[str, str]) -> Maintained:
    """The machine of this copy: its agent is asked where the commands look for it."""
    socket = load_place(environ).socket
    socket.parent.mkdir(parents=True, exist_ok=True)
    socket.symlink_to(site.place.socket)
    return site


def test_a_window_is_opened_listed_and_closed_at_the_machine_itself_S11(
    owned, machine: Maintained
) -> None:
    opened = owned("maintenance", "open", *OPEN)
    assert opened.code == 0, opened.err
    assert "BEGIN OPENSSH PRIVATE KEY" in opened.out
    assert "ssh-ed25519-cert-v01" in opened.out
    assert "tenshu-look@" in opened.out
    number = machine.rooms.book.newest()
    assert "山田 太郎" in owned("maintenance", "list").out
    again = owned("maintenance", "open", *OPEN, "--json")
    assert again.error["code"] == "maintenance.still_open"
    closed = owned("maintenance", "close", str(number), "--json")
    assert closed.json["ended"] == Ending.click.value
    over = owned("maintenance", "close", str(number), "--json")
    assert over.error["code"] == "maintenance.over"


def test_to_repair_needs_a_key_and_a_device_is_asked_for_in_words_S11(
    owned, machine: Maintained, tmp_path: Path
) -> None:
    refused = owned("maintenance", "open", *OPEN, "--repair", "--json")
    assert refused.code != 0
    assert machine.rooms.book.opened() is None
    key = tmp_path / "vendor.pub"
    key.write_text(machine.generate("vendor"))
    device = owned("maintenance", "open", *OPEN, "--key", str(key), "--hardware", "--json")
    assert device.error["code"] == "maintenance.key_not_in_device"
    opened = owned("maintenance", "open", *OPEN, "--repair", "--key", str(key), "--json").json
    assert (opened["window"]["level"], opened["private_key"]) == ("repair", "")
    assert owned("maintenance", "close", str(opened["window"]["number"])).code == 0
