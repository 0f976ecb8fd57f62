"""A machine with disks that can be pulled, beside a folder of a NAS and a console for people."""

import contextlib
import http.client
import json
import secrets
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.guest.console import GIVEN, ask, handed_out
from tests.guest.console import PORT as CONSOLE
from tests.guest.firmware import firmware
from tests.guest.machine import Guest, guest
from tests.integration.start.test_on_postgresql import Person
from tests.ports import free_port
from tests.running import wait_until

PORT = free_port()
GIGABYTE = 1 << 30
SIZE = 8 * GIGABYTE
FILE = "/var/lib/acknowledged"
COMMAND_LOG = "/var/lib/tenshu/data/logs/command.log"
BEFORE, AFTER = 15, 25
"""Acknowledged writes before a disk is pulled, and after."""


def option(disk: Path) -> list[str]:
    """Return the options of a disk that can be pulled; its name is its serial number too."""
    drive = f"file={disk},format=raw,if=none,id=drive-{disk.name}"
    device = f"scsi-hd,drive=drive-{disk.name},id={disk.name},bus=scsi0.0,serial={disk.name}"
    return ["-drive", drive, "-device", device]


@contextlib.contextmanager
def machine(folder: Path, *disks: Path) -> Iterator[Guest]:
    options = [*firmware(folder / "variables"), "-m", "2048", "-device", "virtio-scsi-pci,id=scsi0"]
    for disk in disks:
        options += option(disk)
    nas = folder / "nas"
    if not nas.exists():
        subprocess.run(["mke2fs", "-q", str(empty(folder, nas.name, GIGABYTE))], check=True)
    options += [*handed_out(PORT), "-drive", f"file={nas},format=raw,if=virtio"]
    with guest(folder / f"run-{secrets.token_hex(3)}", options) as found:
        wait_until(lambda: listed(found), "the agent tells of the disks", 240)
        found.said("mount", "/dev/vda", "/mnt")
        # nothing else is to be done: the mirrors are filled as fast as the emulator can
        found.said("sh", "-c", "echo 400000 > /proc/sys/dev/raid/speed_limit_min")
        yield found


def listed(found: Guest) -> dict[str, Any] | None:
    """Return what the command tells of the disks; nothing while nobody answers."""
    told = found.run("tenshu", "--json", "disks", "show", seconds=150)
    if told.returncode:
        return None
    answer: dict[str, Any] = json.loads(told.stdout)
    return answer


def come_in(do: Callable[[Person], None], person: Person | None = None) -> Person:
    """Let somebody do something at the console, from the network."""

    def is_there() -> bool:
        with contextlib.suppress(OSError, http.client.HTTPException):
            return bool(ask("/health", PORT))
        return False

    wait_until(is_there, "the console answers", 240)
    with httpx.Client(
        base_url=f"https://127.0.0.1:{PORT}", verify=False, timeout=60, trust_env=False,
        headers={"host": f"{GIVEN}:{CONSOLE}"},
    ) as client:  # fmt: skip
        used = person.used if person else set()
        who = Person(client, person and person.phone, used, f"https://{GIVEN}:{CONSOLE}")
        do(who)
        return who


def standing(found: Guest) -> str:
    told = listed(found)
    return str(told["standing"]) if told else ""


def plug(found: Guest, disk: Path) -> None:
    """Put a disk in, as a hand does."""
    file = {"driver": "file", "filename": str(disk)}
    found.ask_monitor("blockdev-add", **{"node-name": disk.name, "driver": "raw", "file": file})
    device = {"driver": "scsi-hd", "id": disk.name, "bus": "scsi0.0", "serial": disk.name}
    found.ask_monitor("device_add", **device, drive=disk.name)

    def is_seen() -> bool:
        told = listed(found)
        return told is not None and disk.name in [one["serial"] for one in told["disks"]]

    wait_until(is_seen, f"the disk {disk.name} is seen", 60)


def role(found: Guest, disk: Path) -> str:
    told = listed(found)
    assert told
    return next(str(one["role"]) for one in told["disks"] if one["serial"] == disk.name)


def empty(folder: Path, name: str, size: int = SIZE) -> Path:
    disk = folder / name
    with disk.open("wb") as file:
        file.truncate(size)
    return disk


@dataclass
class Writer(threading.Thread):
    """Writes one line after the other down to the disks; notes which were acknowledged."""

    found: Guest
    begin: int
    count: int
    acknowledged: list[int] = field(default_factory=list)
    failure: str = ""

    def __post_init__(self) -> None:
        super().__init__(daemon=True)

    def run(self) -> None:
        for number in range(self.begin, self.begin + self.count):
            line = f"echo {number} >> {FILE} && sync {FILE}"
            try:
                ended = self.found.run("sh", "-c", line, seconds=60)
            except Exception as error:  # noqa: BLE001 - the test tells of it
                self.failure = repr(error)
                return
            if ended.returncode:
                self.failure = ended.stderr
                return
            self.acknowledged.append(number)

    __hash__ = threading.Thread.__hash__


def pull_under_load(found: Guest, disk: Path, begin: int) -> Sequence[int]:
    """Pull a disk while the machine writes; return what it acknowledged."""
    writer = Writer(found, begin, BEFORE + AFTER)
    writer.start()
    wait_until(lambda: len(writer.acknowledged) >= BEFORE, "it writes", 60)
    found.ask_monitor("device_del", id=disk.name)
    writer.join(240)
    assert not writer.failure
    assert len(writer.acknowledged) == BEFORE + AFTER
    return writer.acknowledged


def kept(found: Guest) -> list[int]:
    return [int(one) for one in found.said("cat", FILE).split()]


def commanded(found: Guest, *words: str) -> None:
    """Have a command of the machine's done; what nobody foresaw stands in its log."""
    ended = found.run("tenshu", *words, seconds=240)
    log = found.run("tail", "-c", "4000", COMMAND_LOG).stdout if ended.returncode else ""
    assert ended.returncode == 0, ended.stderr + log


def archives(found: Guest) -> list[dict[str, Any]]:
    told = found.run("tenshu", "--json", "backup", "archives", "nas", seconds=120)
    if told.returncode:
        return []
    answer: dict[str, list[dict[str, Any]]] = json.loads(told.stdout)
    return answer["archives"]
