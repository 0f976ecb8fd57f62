"""At the machine's own screen: its keyboard, and the reset to the first start, whatever is cut.

A real console with real keys: the emulator presses them, the kernel says what stands there.
"""

import contextlib
import http.client
import json
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.debian import writable_disk
from tests.guest.console import ask, handed_out
from tests.guest.firmware import firmware
from tests.guest.machine import Guest, guest, nvme, wait_inside
from tests.integration.systemd.test_screen_booted import ASK, OWNER, PASSWORD
from tests.ports import free_port

pytestmark = [
    pytest.mark.image,
    pytest.mark.emulated,
    pytest.mark.slow,
    pytest.mark.together("reset"),
    pytest.mark.timeout(900),
]

KEPT = "/var/lib/before-the-reset"
MARK = """printf '{"type":"tenshu-given-up","keyslots":[]}' |
cryptsetup token import --token-id 31 /dev/md/tenshu-state && sync"""
"""What `appliance.storage.forgetting` does first."""


class Machine:
    """One disk, started again and again."""

    def __init__(self, folder: Path) -> None:
        self.disk = writable_disk(folder)
        self.port = free_port()

    @contextlib.contextmanager
    def started(self) -> Iterator[Guest]:
        variables = firmware(self.disk.with_name("variables"))
        options = [*variables, *nvme(self.disk), "-m", "2048", "-device", "VGA"]
        folder = self.disk.with_name(f"run-{secrets.token_hex(3)}")
        with guest(folder, [*options, *handed_out(self.port)]) as found:
            yield found

    def asks_for_a_claim(self) -> bool:
        with contextlib.suppress(OSError, http.client.HTTPException):
            return "Claim code" in ask("/setup", self.port)[1]
        return False

    def is_claimed(self, found: Guest) -> None:
        """Make an owner, and leave something behind."""
        wait_inside(self.asks_for_a_claim, "the console answers", 300)
        place = ("TENSHU_DATA=/var/lib/tenshu/data", "TENSHU_KEYS=/var/lib/tenshu/keys")
        secret = ("TENSHU_EDGE=1", f"TENSHU_ADMINISTRATOR_PASSWORD={PASSWORD}")
        found.said("sh", "-c", f"cat > /run/owner.toml; touch {KEPT}; sync", stdin=OWNER)
        setup = ("tenshu", "setup", "--from", "/run/owner.toml")
        found.said("env", *place, *secret, *setup, seconds=120)

    def is_new(self, found: Guest, before: str) -> None:
        wait_inside(self.asks_for_a_claim, "it asks for its first administrator", 300)
        assert found.run("test", "-e", KEPT).returncode == 1
        assert found.said("cat", "/etc/machine-id") != before
        assert found.said("systemctl", "--failed", "--no-legend", "--plain") == ""
        assert found.run(*TOKEN).returncode != 0, "the mark went with what was marked"


TOKEN = ("cryptsetup", "token", "export", "--token-id", "31", "/dev/md/tenshu-state")


def at_screen(found: Guest, kind: str, **fields: object) -> str:
    """Ask the desk as a display does; return what it says."""
    python = ("/usr/lib/tenshu/bin/python", "-P", "-c", ASK, kind, PASSWORD, json.dumps(fields))
    told = found.said("runuser", "-u", "tenshu-screen", "--", *python, seconds=160)
    return str(json.loads(told)[0])


def press(found: Guest, *keys: str) -> None:
    told = [{"type": "qcode", "data": key} for key in keys]
    found.ask_monitor("send-key", keys=told)


def stands(found: Guest, text: str, seconds: float = 60) -> None:
    """Wait until a text stands on the machine's first console."""
    seen = ""

    def is_there() -> bool:
        nonlocal seen
        seen = console(found)
        return text in seen

    try:
        wait_inside(is_there, text, seconds)
    except AssertionError:
        print(seen, found.run("journalctl", "--boot", "--lines=60").stdout)  # noqa: T201
        raise


def console(found: Guest) -> str:
    """Return what stands on the machine's first console, as the kernel has it."""
    return found.said("cat", "/dev/vcs1")


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    return Machine(tmp_path_factory.mktemp("reset"))


def test_a_japanese_keyboard_types_what_stands_on_it_and_a_reset_makes_the_machine_new_METI13(
    machine: Machine,
) -> None:
    with machine.started() as found:
        machine.is_claimed(found)
        stands(found, "US keyboard; 106/109: K", 120)
        press(found, "k")
        stands(found, "taken for a Japanese one")
        press(found, "esc")
        stands(found, "106/109 keyboard; US: K")
        press(found, "c")
        stands(found, "Back: Esc")
        press(found, "ret")
        stands(found, "Address or network:")
        for keys in (("shift", "2"), ("bracket_left",), ("yen",), ("shift", "ro"), ("shift", "7")):
            press(found, *keys)
        stands(found, "Address or network: \"@\\_'")

        before = found.said("cat", "/etc/machine-id")
        name = found.said("hostname")
        assert "made anew" in at_screen(found, "FactoryReset", machine=name)
        found.door.wait(300)
        machine.is_new(found, before)
        stands(found, "US keyboard", 120)


def test_a_power_cut_between_the_mark_and_the_key_ends_in_a_new_machine_too_S5(
    tmp_path: Path,
) -> None:
    machine = Machine(tmp_path)
    with machine.started() as found:
        wait_inside(machine.asks_for_a_claim, "the console answers", 300)
        found.said("touch", KEPT)
        before = found.said("cat", "/etc/machine-id")
        found.said("sh", "-c", MARK)
    with machine.started() as found:
        machine.is_new(found, before)
