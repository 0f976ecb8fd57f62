"""The machine's own screen where systemd is the first process: on a terminal of the machine."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.debian import appliance, layered
from tests.integration.systemd.booted import Booted, booted
from tests.running import wait_until

pytestmark = [
    pytest.mark.image,
    pytest.mark.together("debian-13-booted"),
    pytest.mark.timeout(600),
]

PASSWORD = "seven grey herons on a roof"
HOLD = """
import fcntl, json, os, pty, struct, sys, termios
master, slave = pty.openpty()
fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("4H", 25, 80, 0, 0))
print(json.dumps(os.ttyname(slave)), flush=True)
while True:
    sys.stdout.buffer.write(os.read(master, 65536))
    sys.stdout.flush()
"""
"""A terminal inside the machine, whose signs come out here."""


KNOCK = "from socket import *; socket(AF_UNIX).connect('/run/tenshu-screen/desk.sock')"


class Held:
    """A terminal of the machine, on which its screen stands."""

    def __init__(self, machine: Booted) -> None:
        self._held = subprocess.Popen(
            machine.command("python3", "-u", "-c", HOLD),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
        )
        assert self._held.stdout
        name = json.loads(self._held.stdout.readline())
        self.unit = f"tenshu-screen@{name.removeprefix('/dev/').replace('/', '-')}.service"
        self._shown = b""

    def shown(self) -> str:
        assert self._held.stdout
        self._shown += self._held.stdout.read1()
        return self._shown.decode(errors="replace")

    def end(self) -> None:
        self._held.kill()
        self._held.wait()
        assert self._held.stdout
        self._held.stdout.close()


@pytest.fixture
def held(machine: Booted) -> Iterator[Held]:
    terminal = Held(machine)
    machine.run("systemctl", "start", "--no-block", terminal.unit)
    yield terminal
    machine.run("systemctl", "stop", terminal.unit)
    terminal.end()


def test_its_unit_shows_address_fingerprint_and_claim_code_on_a_terminal_METI13(
    machine: Booted, held: Held
) -> None:
    code = machine.said("cat", "/run/tenshu-screen/claim-code")
    wait_until(lambda: code in held.shown(), "the claim code stands there", 60)
    assert "https://" in held.shown() or "No address yet" in held.shown()
    assert machine.property(held.unit, "ActiveState") == "active"
    process = machine.main_process(held.unit)
    assert machine.said("ps", "-o", "user:20=", "-p", process) == "tenshu-screen"
    assert machine.property(held.unit, "NRestarts") == "0"


def test_only_the_screens_user_reaches_the_desk_and_nobody_else_reads_the_claim_code_V11(
    machine: Booted,
) -> None:
    code = "/run/tenshu-screen/claim-code"
    for user in ("tenshu-screen", "tenshu-workspace", "tenshu-audit", "nobody"):
        assert machine.run("runuser", "-u", user, "--", "cat", code).returncode != 0, user
    for user in ("tenshu-workspace", "nobody"):
        refused = machine.run("runuser", "-u", user, "--", "python3", "-c", KNOCK)
        assert "PermissionError" in refused.stderr, user


def test_where_the_system_would_ask_for_a_sign_in_the_screen_stands_V11(machine: Booted) -> None:
    assert machine.said("systemctl", "is-enabled", "getty@tty1.service") != "enabled"
    assert machine.said("systemctl", "is-enabled", "tenshu-screen@tty1.service") == "enabled"
    assert machine.property("serial-getty@ttyS0.service", "Id") == "tenshu-screen@ttyS0.service"
    for masked in ("console-getty.service", "ctrl-alt-del.target"):
        assert machine.property(masked, "LoadState") == "masked", masked
    assert "agetty" not in machine.said("ps", "-eo", "comm=")


OWNER = """\
[administrator]
login_id = "owner"
name = "Owner"
"""
ASK = """
import json, sys
from app.core.secret import Secret
from app.screen import protocol
kind, password, fields = sys.argv[1:]
proof = protocol.Proof(login_id="owner", password=Secret(password))
change = getattr(protocol, kind)(proof=proof, **json.loads(fields))
try:
    done = protocol.ask(protocol.where(), change, protocol.Done, 150)
    print(json.dumps([done.text, done.waits]))
except protocol.DeskRefused as error:
    print(json.dumps([error.failure.code, 0]))
"""


def at_screen(
    machine: Booted, kind: str, password: str = PASSWORD, /, **fields: object
) -> tuple[str, int]:
    """Ask the desk as a display does; return what it says, and which version waits."""
    python = ("/usr/lib/tenshu/bin/python", "-P", "-c", ASK, kind, password, json.dumps(fields))
    told = machine.run("runuser", "-u", "tenshu-screen", "--", *python)
    assert told.returncode == 0, told.stderr
    text, waits = json.loads(told.stdout)
    return text, waits


def test_an_owner_opens_the_console_and_switches_the_machine_off_and_nobody_else_does_METI13(
    tmp_path: Path,
) -> None:
    with layered(appliance(), tmp_path) as root, booted(root, f"tenshu-off-{os.getpid()}") as found:
        (root / "root/owner.toml").write_text(OWNER)
        place = ("TENSHU_DATA=/var/lib/tenshu/data", "TENSHU_KEYS=/var/lib/tenshu/keys")
        setup = ("tenshu", "setup", "--from", "/root/owner.toml")
        told = found.run(
            "env", *place, "TENSHU_EDGE=1", f"TENSHU_ADMINISTRATOR_PASSWORD={PASSWORD}", *setup
        )
        assert told.returncode == 0, told.stderr
        assert at_screen(found, "PowerOff", "wrong") == ("screen.not_proven", 0)
        _, version = at_screen(found, "OpenConsole", network="192.0.2.7")
        assert version
        assert "192.0.2.7" in found.rules()
        assert at_screen(found, "TakeBack", version=version)[0] == "It is taken back."
        assert "192.0.2.7" not in found.rules()
        _, version = at_screen(found, "OpenConsole", network="192.0.2.8")
        assert at_screen(found, "Keep", version=version)[0] == "It is kept."
        assert found.result("ReadConfiguration")["pending"] is None
        assert "192.0.2.8" in found.rules()
        assert "switches itself off" in at_screen(found, "PowerOff")[0]
        container = found.container
        assert container
        wait_until(lambda: container.poll() is not None, "it is off", 60)
        data = root / "var/lib/tenshu/data"
        kept = [*data.glob("tenshu.sqlite*"), *data.glob("audit/**/*")]
        assert any(b"machine.power_off" in one.read_bytes() for one in kept if one.is_file())
