"""A machine with a TPM: who opens its volume, and what a machine with another TPM does (S1, V11).

One machine, followed through its life: a first start, at which an administrator takes a recovery
key; a second, at which nobody is asked; a third with another TPM, at which somebody is, once.
"""

import contextlib
import json
import shutil
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from image import policy
from image.disk import Disk, _ukify
from image.initramfs import FILE, initramfs
from image.workshop import work
from tests.debian import appliance, appliance_disk, writable_disk
from tests.guest.firmware import firmware
from tests.guest.machine import Guest, guest, nvme, wait_inside
from tests.guest.tpm import tpm
from tests.integration.image.test_disk import table
from tests.running import wait_until

pytestmark = [
    pytest.mark.image,
    pytest.mark.emulated,
    pytest.mark.slow,
    pytest.mark.together("tpm"),
    pytest.mark.timeout(900),
]

QUESTION = "Recovery key or passphrase of this machine's disks:"
ECHO = "•"
AT_ONCE = 8
"""Letters: a serial line holds sixteen."""
KERNELS = "/EFI/Linux"


def with_policy(made: Disk, disk: Path, folder: Path, key: Path) -> None:
    """Give a disk the kernel image that a builder with a key of the policy makes."""
    folder.mkdir()
    shutil.copyfile(initramfs(), folder / FILE)
    release = folder / "slot/usr/lib/os-release"
    release.parent.mkdir(parents=True)
    shutil.copyfile(appliance() / "usr/lib/os-release", release)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(policy.KEY, str(key))
        brought = {"made": folder} | policy.policy_folder()
        work(*_ukify(made.roothash), brought=brought, seconds=120)
    begin = next(table(disk)).begin
    esp = f"/mnt/disk/{disk.name}@@{begin}"
    brought = {"made": folder, "disk": disk.parent}
    for name in work("mdir", "-b", "-i", esp, f"::{KERNELS}", brought=brought, seconds=60).split():
        work("mcopy", "-o", "-i", esp, "/mnt/made/kernel.efi", name, brought=brought, seconds=60)


@contextlib.contextmanager
def machine(folder: Path, name: str, state: str) -> Iterator[Guest]:
    with tpm(folder / state) as chip:
        options = [*firmware(folder / "variables"), *nvme(folder / "disk"), "-m", "2048", *chip]
        with guest(folder / name, options) as found:
            yield found


def keys(found: Guest) -> dict[str, Any]:
    """Return what the command tells of the volume's keys; nothing while that is not known."""
    told = found.run("tenshu", "--json", "volume", "show", seconds=200)
    answer: dict[str, Any] = json.loads(told.stdout) if told.returncode == 0 else {}
    return answer


def opened(found: Guest) -> str:
    return found.said("cat", "/run/tenshu-volume/opened")


def token(found: Guest) -> str:
    """Return what stands in the head for the TPM."""
    head = found.said("cryptsetup", "luksDump", "--dump-json-metadata", "/dev/md/tenshu-state")
    tokens = json.loads(head)["tokens"].values()
    return next((json.dumps(one) for one in tokens if one["type"] == "systemd-tpm2"), "")


@dataclass
class Life:
    """What was seen of a start."""

    folder: Path
    opened: str
    keys: dict[str, Any]
    token: str
    recovery: str = ""
    clear: str = ""
    failed: str = ""


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Life:
    """The first start of a machine with a TPM, at which somebody takes a recovery key."""
    folder = tmp_path_factory.mktemp("unlocking")
    key = folder / "key" / "pcr.pem"
    key.parent.mkdir()
    subprocess.run(["openssl", "genrsa", "-out", str(key), "2048"], check=True, capture_output=True)
    made = appliance_disk()
    disk = writable_disk(folder)
    with_policy(made, disk, folder / "kernel", key)
    with machine(folder, "first", "tpm") as found:
        wait_inside(lambda: keys(found).get("tpm"), "the TPM has the key", 400)
        before = keys(found)
        told = found.said("tenshu", "--json", "volume", "recovery-key", seconds=240)
        recovery = json.loads(told)["text"]
        seen = Life(
            folder,
            opened=opened(found),
            keys={"before": before, "after": keys(found)},
            token=token(found),
            recovery=recovery,
            clear=found.said("cryptsetup", "token", "export", "--token-id", "0",
                             "/dev/md/tenshu-state"),
            failed=found.said("systemctl", "--failed", "--no-legend", "--plain"),
        )  # fmt: skip
        found.said("sync")
    return seen


def test_the_tpm_gets_the_key_and_is_not_relied_on_before_it_has_opened_a_start_S1(
    first: Life,
) -> None:
    before, after = first.keys["before"], first.keys["after"]
    assert (before["tpm"], before["protected"]) == (True, False)
    assert (after["protected"], after["recovery"]) == (False, True), "it has not opened a start yet"
    assert '"key"' in first.clear
    assert first.failed == ""


@pytest.fixture(scope="module")
def second(first: Life) -> Life:
    """After a power cut, with the same TPM."""
    with machine(first.folder, "second", "tpm") as found:
        wait_inside(lambda: keys(found).get("protected"), "the disks lose the key", 400)
        laid = found.said("cryptsetup", "token", "export", "--token-id", "0",
                          "/dev/md/tenshu-state")  # fmt: skip
        found.said("sync")
        return Life(first.folder, opened=opened(found), keys={}, token=token(found), clear=laid)


def test_the_second_start_opens_the_volume_without_hands_and_the_disks_lose_the_key_S1(
    first: Life, second: Life
) -> None:
    assert second.opened == "tpm"
    assert '"key"' not in second.clear
    assert second.token == first.token


def answer(folder: Path, text: str) -> None:
    """Type a text at the serial console once it is asked for, in groups that its line holds.

    What comes before the question is set up is thrown away, so the first letter is typed until it
    is echoed.
    """
    serial = folder / "serial"

    def shown() -> str:
        return serial.read_text(errors="replace") if serial.exists() else ""

    wait_until(lambda: QUESTION in shown(), "somebody is asked", 240)
    with socket.socket(socket.AF_UNIX) as terminal:
        terminal.connect(str(folder / "terminal"))
        terminal.sendall(text[0].encode())
        while not _within(10, lambda: ECHO in shown()):
            terminal.sendall(text[0].encode())
        for begin in range(1, len(text), AT_ONCE):
            terminal.sendall(text[begin : begin + AT_ONCE].encode())
            typed = min(begin + AT_ONCE, len(text))
            wait_until(lambda typed=typed: shown().count(ECHO) >= typed, "it is echoed", 30)
        terminal.sendall(b"\n")


def _within(seconds: float, condition: Callable[[], bool]) -> bool:
    try:
        wait_until(condition, "a letter is echoed", seconds)
    except AssertionError:
        return False
    return True


def test_another_tpm_asks_for_the_recovery_key_once_and_has_the_key_from_then_on_S1(
    first: Life, second: Life
) -> None:
    folder = first.folder / "third"
    typing = threading.Thread(target=answer, args=(folder, first.recovery), daemon=True)
    typing.start()
    with machine(first.folder, "third", "another-tpm") as found:
        assert opened(found) == "asked"
        wait_inside(lambda: token(found) != first.token, "the other TPM has the key", 400)
        wait_inside(lambda: keys(found).get("protected"), "it is known", 60)
        found.said("sync")
        assert found.serial.count(QUESTION) == 1, "asked once"
    typing.join(10)
    with machine(first.folder, "fourth", "another-tpm") as found:
        assert opened(found) == "tpm"
        assert QUESTION not in found.serial
