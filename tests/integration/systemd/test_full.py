"""A full disk: the machine boots, lets its administrator in, and says what is wrong.

`/var` is a small file system of its own, as the machine has one of its own for all that it keeps.
"""

import ctypes
import os
import re
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import httpx
import pyotp
import pytest

from tests.debian import appliance, layered
from tests.guest.machine import Guest
from tests.integration.start.test_on_postgresql import PASSWORD, Person
from tests.integration.systemd.booted import Booted, booted
from tests.running import wait_until
from tests.small_volume import MEBIBYTE, free_on, take

pytestmark = [pytest.mark.image, pytest.mark.together("debian-13-full"), pytest.mark.timeout(400)]

MEBIBYTES = 512
CLONE_NEWNET = 0x40000000
RESERVE = "var/lib/tenshu/data/reserve"


@contextmanager
def small_var(root: Path, folder: Path) -> Iterator[Path]:
    """Let `/var` of a root be a file system of its own, with what was in it."""
    image, var = folder / "var.ext4", root / "var"
    with image.open("wb") as file:
        file.truncate(MEBIBYTES << 20)
    made = ["mke2fs", "-q", "-t", "ext4", "-m", "0", "-d", str(var), str(image)]
    subprocess.run(made, check=True, timeout=60)
    subprocess.run(["mount", "-o", "loop,nosuid,nodev", str(image), str(var)], check=True)
    try:
        yield var
    finally:
        subprocess.run(["umount", str(var)], check=True)


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Booted]:
    folder = tmp_path_factory.mktemp("full")
    with (
        layered(appliance(), folder) as root,
        small_var(root, folder),
        booted(root, f"full-{os.getpid()}") as found,
    ):
        yield found


def fill(folder: Path) -> Path:
    """Fill the volume to its last block; what ext4 needs for the file's own map comes first."""
    path = take(folder, max(0, free_on(folder) - 16 * MEBIBYTE))
    with path.open("ab", buffering=0) as file, pytest.raises(OSError, match="No space left"):
        while True:
            file.write(bytes(4096))
    return path


def within(machine: Booted, do: Callable[[Person], None], person: Person | None = None) -> Person:
    """Let somebody do something from inside the machine's network."""

    def work() -> Person:
        with Path(f"/proc/{machine.first_process}/ns/net").open("rb") as network:
            assert not ctypes.CDLL(None).setns(network.fileno(), CLONE_NEWNET)
        with httpx.Client(
            base_url="https://localhost:8443", verify=False, timeout=60, trust_env=False
        ) as client:
            who = Person(client, person and person.phone, person.used if person else set())
            do(who)
            return who

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(work).result()


def claim(machine: Booted | Guest, person: Person) -> None:
    """Become the first administrator by what the machine's own screen shows."""
    code = machine.said("cat", "/run/tenshu-screen/claim-code")
    person.post("/setup/claim", data={"code": code})
    person.post(
        "/setup/person",
        data={"login_id": "hanako", "name": "山田 花子", "language": "en", "password": PASSWORD,
              "again": PASSWORD, "time_zone": "Asia/Tokyo"},
    )  # fmt: skip
    shown = person.client.get("/setup").text
    secret = re.findall(r'id="totp-secret"[^>]*>\s*([A-Z2-7 ]+)<', shown)[0]
    person.phone = pyotp.TOTP(secret.replace(" ", ""))
    person.post("/setup/factor", code=200, data={"answer": person.code()})


def sign_in(person: Person) -> None:
    person.post("/sign-in", data={"login_id": "hanako", "password": PASSWORD})
    person.post("/sign-in/step", data={"step": "totp", "answer": person.code()})


def test_a_machine_whose_disk_is_full_boots_lets_its_administrator_in_and_says_so_S8(
    machine: Booted,
) -> None:
    admin = within(machine, partial(claim, machine))
    wait_until((machine.root / RESERVE).exists, "room is kept back", 30)
    machine.cut_power()
    fillers = [fill(machine.root / "var/lib")]
    assert free_on(machine.root / "var") == 0
    machine.boot()
    # what the start has given back (the journal removes its oldest files) is taken too
    fillers.append(fill(machine.root / "var/lib"))

    def look(person: Person) -> None:
        sign_in(person)
        wait_until(lambda: "The disk is full" in person.client.get("/").text, "it says so", 60)
        assert "The disk is full" in person.client.get("/storage").text

    def clean(person: Person) -> None:
        sign_in(person)
        person.post("/storage/clean")
        assert "The disk is full" not in person.client.get("/storage").text

    within(machine, look, admin)
    assert machine.said("systemctl", "--failed", "--plain", "--no-legend") == ""
    for filler in fillers:
        filler.unlink()
    within(machine, clean, admin)
    assert (machine.root / RESERVE).exists(), "room is kept back again"
