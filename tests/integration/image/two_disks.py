"""A machine with disks that can be pulled, beside a folder of a NAS and a console for people."""

import contextlib
import json
import secrets
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.guest.console import GIVEN, handed_out
from tests.guest.console import PORT as CONSOLE
from tests.guest.drives import CONTROLLER, Drive
from tests.guest.firmware import firmware
from tests.guest.machine import Guest, cards, guest, wait_inside
from tests.hosts import Host
from tests.integration.image.looking import CARD, listed
from tests.integration.start.test_on_postgresql import Person
from tests.running import wait_until

GIGABYTE = 1 << 30
SIZE = 8 * GIGABYTE
FILE = "/var/lib/acknowledged"
COMMAND_LOG = "/var/lib/tenshu/data/logs/command.log"
BEFORE, AFTER = 15, 25
"""Acknowledged writes before a disk is pulled, and after."""
NAS = "/mnt/nas"
"""A folder of it: what is mounted has a `lost+found`, and a repository wants an empty one."""


def options(folder: Path, *drives: Drive) -> list[str]:
    """Return what the machine is made of; its variables of the firmware lie in the folder."""
    words = [*firmware(folder / "variables"), "-m", "2048", *CONTROLLER, *handed_out(CONSOLE)]
    words += cards(**{CARD: "tap1"})
    for drive in drives:
        words += drive.options()
    return words


@contextlib.contextmanager
def machine(folder: Path, far: Host, *drives: Drive, boots: int = 1) -> Iterator[Guest]:
    """Switch a machine on; `far` is the end of its cable, and where its console is reached."""
    run = folder / f"run-{secrets.token_hex(3)}"
    with guest(run, options(folder, *drives), where=far, boots=boots) as found:
        wait_inside(lambda: listed(found), "the agent tells of the disks", 240)
        # nothing else is to be done: the mirrors are filled as fast as the emulator can
        found.said("sh", "-c", "echo 400000 > /proc/sys/dev/raid/speed_limit_min")
        yield found


def empty(folder: Path, name: str, size: int = SIZE) -> Path:
    disk = folder / name
    with disk.open("wb") as file:
        file.truncate(size)
    return disk


def nas_disk(folder: Path) -> Path:
    """Make a disk that stands for a NAS."""
    disk = empty(folder, "empty-nas", GIGABYTE)
    subprocess.run(["mke2fs", "-q", "-t", "ext4", "-L", "nas", str(disk)], check=True)
    return disk


def mount_nas(found: Guest) -> None:
    found.said("mount", "-L", "nas", "/mnt")
    found.said("mkdir", "-p", NAS)


def standing(found: Guest) -> str:
    told = listed(found)
    return str(told["standing"]) if told else ""


def role(found: Guest, drive: Drive) -> str:
    told = listed(found)
    assert told
    return next(str(one["role"]) for one in told["disks"] if one["serial"] == drive.name)


def put_in(found: Guest, drive: Drive) -> None:
    """Put a disk in, and wait until the machine has seen it."""
    drive.put_in(found)

    def is_seen() -> bool:
        told = listed(found)
        return told is not None and drive.name in [one["serial"] for one in told["disks"]]

    wait_inside(is_seen, f"the disk {drive.name} is seen", 60)


def come_in(far: Host, do: Callable[[Person], None], person: Person | None = None) -> Person:
    """Let somebody do something at the console, from the network."""

    def come() -> Person:
        with httpx.Client(
            base_url=f"https://127.0.0.1:{CONSOLE}", verify=False, timeout=60, trust_env=False,
            headers={"host": f"{GIVEN}:{CONSOLE}"},
        ) as client:  # fmt: skip
            used = person.used if person else set()
            who = Person(client, person and person.phone, used, f"https://{GIVEN}:{CONSOLE}")
            do(who)
            return who

    return far.call(come)


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


def pull_under_load(
    found: Guest, drive: Drive, begin: int = 0, before: int = BEFORE
) -> Sequence[int]:
    """Pull a disk while the machine writes; return what it acknowledged."""
    writer = Writer(found, begin, BEFORE + AFTER)
    writer.start()
    wait_until(lambda: len(writer.acknowledged) >= before, "it writes", 60)
    drive.pull(found)
    writer.join(240)
    assert not writer.failure
    assert writer.acknowledged == list(range(begin, begin + BEFORE + AFTER))
    wait_inside(lambda: standing(found) == "lost", "the loss is noticed", 60)
    return writer.acknowledged


def kept(found: Guest) -> list[int]:
    """Return the lines, as they lie on the disks that are left."""
    found.said("sh", "-c", "echo 3 > /proc/sys/vm/drop_caches")
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
