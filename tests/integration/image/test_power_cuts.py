"""The power goes at a moment that nobody chose: in the first start, and in the middle of work.

Forty times; six cuts are in each run of the image's suite (`test_life.py`).

A cut is the end of the emulator: what the guest had not flushed to its disk is gone. The machine
comes up afterwards, by itself, with all that it had said was kept.
"""

import contextlib
import http.client
import random
import secrets
import threading
import time
from pathlib import Path

import pytest

from tests.debian import writable_disk
from tests.guest.console import ask, handed_out
from tests.guest.firmware import firmware
from tests.guest.machine import Guest, guest, nvme, untouched, wait_inside
from tests.ports import free_port

pytestmark = [pytest.mark.image, pytest.mark.emulated, pytest.mark.slow, pytest.mark.timeout(1500)]

FIRST_SECONDS = (4, 90)
"""From the firmware to a console that answers, on a machine that is neither fast nor starved."""
WORK_SECONDS = (2, 40)
KEPT = "/var/lib/tenshu-acknowledged"
WRITE = f'echo "$1" >> {KEPT} && sync {KEPT}'


class Machine:
    """One disk, started and cut again and again."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.disk = writable_disk(folder)
        self.port = free_port()
        self.chance = random.Random(seed)
        self.acknowledged: list[str] = []
        self.turn = 0

    def options(self) -> list[str]:
        variables = firmware(self.disk.with_name("variables"))
        return [*variables, *nvme(self.disk), "-m", "2048", *handed_out(self.port)]

    def folder(self) -> Path:
        self.turn += 1
        return self.disk.with_name(f"turn-{self.turn}")

    def cut_in_the_first_start(self) -> None:
        with untouched(self.folder(), self.options()):
            threading.Event().wait(self.chance.uniform(*FIRST_SECONDS))

    def cut_at_work(self) -> None:
        """Have lines written until the power goes; those it has answered for are acknowledged."""
        with guest(self.folder(), self.options()) as found:
            self.check(found)
            until = time.monotonic() + self.chance.uniform(*WORK_SECONDS)
            while time.monotonic() < until:
                line = secrets.token_hex(8)
                found.said("sh", "-c", WRITE, "sh", line)
                self.acknowledged.append(line)

    def comes_up(self) -> None:
        with guest(self.folder(), self.options()) as found:
            self.check(found)

    def check(self, found: Guest) -> None:
        """It answers, nothing has failed, and what was acknowledged is there."""

        def answers() -> bool:
            with contextlib.suppress(OSError, http.client.HTTPException):
                return "Claim code" in ask("/setup", self.port)[1]
            return False

        wait_inside(answers, "the console answers", 300)
        assert found.said("systemctl", "--failed", "--no-legend", "--plain") == ""
        assert "EXT4-fs error" not in found.said("dmesg")
        kept = found.run("cat", KEPT).stdout.split()
        assert set(self.acknowledged) <= set(kept)
        wait_inside(lambda: is_whole(found), "the history is sealed and whole", 120)


def is_whole(found: Guest) -> bool:
    return found.run("tenshu", "audit", "verify", seconds=120).returncode == 0


@pytest.mark.parametrize("seed", range(20))
def test_whenever_the_power_goes_it_comes_up_with_all_that_it_had_acknowledged(
    tmp_path: Path, seed: int
) -> None:
    machine = Machine(tmp_path, seed)
    machine.cut_in_the_first_start()
    machine.cut_at_work()
    machine.comes_up()
