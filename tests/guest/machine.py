"""A guest: a machine of its own with a real kernel, which QEMU emulates.

    with guest(tmp_path / "guest", [*from_kernel(kernel), *nvme(disk)]) as machine:
        assert machine.said("uname", "-s") == "Linux"

It boots in half a minute on one core. So there is never a second one at a time, and it is only for
what no namespace and no container has: modules, disks, firmware, cables that can be pulled.
"""

import contextlib
import fcntl
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.guest import door, emulator
from tests.guest.lines import Lines
from tests.hosts import Host
from tests.running import wait_until

MACHINE = (
    # Nested KVM may be there and yet boot no kernel: what every machine can do is what is used.
    # Pages of five levels are walked more slowly, and no guest has that much memory.
    *("-machine", "q35", "-accel", "tcg,thread=multi", "-cpu", "max,la57=off", "-smp", "2"),
    *("-m", "1024", "-nodefaults", "-no-user-config", "-display", "none"),
)
BOOT_SECONDS = 150
"""Generous: 30 s where nothing else runs."""
LOOKS_SECONDS = 1.0
"""At least, between two looks at a guest."""
LOOKS_SHARE = 5
"""At most one part of so many of its time goes into being looked at."""
TURN_SECONDS = 250
"""How long a test waits for its turn."""


def needed() -> None:
    """Skip the test where there is no emulator; in CI that is a failure."""
    if platform.machine() != "x86_64":
        pytest.skip("guests are of this kind of machine, their Debian is of the test's")
    if not shutil.which("mke2fs"):
        reason = "needs mke2fs"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)


def from_kernel(kernel: Path, *words: str) -> list[str]:
    """Return the options that boot a kernel from an NVMe disk, which needs no initrd."""
    line = ["root=/dev/nvme0n1 rw rootwait console=ttyS0 quiet mitigations=off", *words]
    return ["-kernel", str(kernel), "-append", " ".join(line)]


def nvme(disk: Path) -> list[str]:
    """Return the options of a disk."""
    drive = f"file={disk},format=raw,if=none,id={disk.name}"
    return ["-drive", drive, "-device", f"nvme,drive={disk.name},serial={disk.name}"]


def cards(**taps: str) -> list[str]:
    """Return the options of network cards: their names, by slot as `enp0s17`, and their taps."""
    words = []
    for name, tap in taps.items():
        slot = int(name.removeprefix("enp0s"))
        words += ["-netdev", f"tap,id=end-{name},ifname={tap},script=no,downscript=no"]
        address = f"addr={slot:#x},mac=52:54:00:00:77:{slot:02x},romfile="
        words += ["-device", f"virtio-net-pci,id={name},netdev=end-{name},{address}"]
    return words


def wait_inside(condition: Callable[[], object], what: str, seconds: float) -> None:
    """Wait for something in a guest. Each look takes from it what the awaited thing needs."""
    until, pause = time.monotonic() + seconds, threading.Event()
    while True:
        began = time.monotonic()
        if condition():
            return
        assert time.monotonic() < until, f"not within {seconds} s: {what}"
        pause.wait(max(LOOKS_SECONDS, (LOOKS_SHARE - 1) * (time.monotonic() - began)))


@dataclass
class Guest:
    """One that runs."""

    folder: Path
    process: subprocess.Popen[bytes]
    monitor: Lines
    door: door.Door

    @property
    def serial(self) -> str:
        """What it has written to its console."""
        return (self.folder / "serial").read_text(errors="replace")

    def run(
        self, *words: str, stdin: str = "", seconds: float = 30
    ) -> subprocess.CompletedProcess[str]:
        """Run a command inside, as root. Raise NoAnswer where it does not end in time."""
        return self.door.run(words, stdin, seconds)

    def said(self, *words: str, stdin: str = "", seconds: float = 30) -> str:
        """Return what a command says; fail where it fails."""
        ended = self.run(*words, stdin=stdin, seconds=seconds)
        assert ended.returncode == 0, f"{words}: {ended.stdout}{ended.stderr}"
        return ended.stdout.strip()

    def ask_monitor(self, command: str, **arguments: Any) -> Any:
        """Have QEMU do something to the machine, as somebody would with their hands."""
        self.monitor.say({"execute": command, "arguments": arguments})
        while True:
            told = self.monitor.hear(20)
            assert "error" not in told, told
            if "return" in told:
                return told["return"]

    def cable(self, card: str, *, plugged: bool) -> None:
        """Pull the cable of a card, or put it back."""
        self.ask_monitor("set_link", name=card, up=plugged)


@contextlib.contextmanager
def guest(
    folder: Path,
    options: Sequence[str],
    *,
    where: Host | None = None,
    unplugged: Sequence[str] = (),
    boots: int = 1,
) -> Iterator[Guest]:
    """Switch a guest on, give it once commands can be run, and take it away.

    What it boots, its disks and its cards are in the options; `where` has the taps of its cards.
    Some of their cables may hang loose from the beginning; `boots` starts may be needed until it is
    up. The end is a power cut: what was written
    is on the disk, from which the next guest boots.
    """
    needed()
    folder.mkdir(parents=True)
    with _turn():
        process = _start(folder, options, where)
        try:
            with (
                contextlib.closing(_line(folder / "monitor", process)) as monitor,
                contextlib.closing(_line(folder / "door", process)) as entry,
            ):
                found = Guest(folder, process, monitor, door.Door(entry))
                monitor.hear(20)  # its greeting
                found.ask_monitor("qmp_capabilities")
                for card in unplugged:
                    found.cable(card, plugged=False)
                found.ask_monitor("cont")
                found.door.wait(BOOT_SECONDS * boots)
                yield found
        except BaseException:
            _tell(folder)
            raise
        finally:
            process.kill()
            process.wait(20)


@contextlib.contextmanager
def untouched(folder: Path, options: Sequence[str], *, where: Host | None = None) -> Iterator[Path]:
    """Switch a guest on as a customer does, without a door, and give the file of its console.

    Nothing runs in it but what it has. The end is a power cut.
    """
    needed()
    folder.mkdir(parents=True)
    with _turn():
        process = _run(folder, options, where)
        try:
            yield folder / "serial"
        except BaseException:
            _tell(folder)
            raise
        finally:
            process.kill()
            process.wait(20)


@contextlib.contextmanager
def _turn() -> Iterator[None]:
    """Wait until no other guest runs: two take two to four times as long."""
    with Path(tempfile.gettempdir(), "tenshu-guest.lock").open("w") as lock:

        def free() -> bool:
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return True
            return False

        wait_until(free, "another guest has ended", TURN_SECONDS)
        yield


def _start(folder: Path, options: Sequence[str], where: Host | None) -> subprocess.Popen[bytes]:
    monitor = f"unix:{folder}/monitor,server=on,wait=off"
    return _run(folder, ["-S", "-qmp", monitor, *door.options(folder), *options], where)


def _run(folder: Path, options: Sequence[str], where: Host | None) -> subprocess.Popen[bytes]:
    # all that it writes is kept, whoever listens; what is typed comes in at `terminal`
    serial = f"socket,id=serial,path={folder}/terminal,server=on,wait=off,logfile={folder}/serial"
    words = [*emulator.qemu(), *MACHINE, "-chardev", serial, "-serial", "chardev:serial", *options]
    with (folder / "qemu").open("w") as log:
        command = where.command(*words) if where else words
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=emulator.environ()
        )


def _line(path: Path, process: subprocess.Popen[bytes]) -> Lines:
    found = []

    def connects() -> bool:
        assert process.poll() is None, "QEMU has ended"
        with contextlib.suppress(OSError):
            found.append(Lines(path))
        return bool(found)

    wait_until(connects, "QEMU listens", 30)
    return found[0]


def _tell(folder: Path) -> None:
    """Show what was seen of it, beside the failure."""
    for name in ("qemu", "serial"):
        path = folder / name
        if path.exists():
            last = path.read_text(errors="replace")[-6000:]
            sys.stdout.write(f"── {path}\n{last}\n")
