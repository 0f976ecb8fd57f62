"""How long the image takes from being switched on to its claim page, against the same without us.

One disk is started three times: for the first time, again, and with our services masked, until it
asks who signs in. Firmware, loader, initrd and slot are the same.
"""

import base64
import contextlib
import http.client
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from bench.parts.report import Report
from image.disk import Disk
from tests.guest.console import ask, handed_out
from tests.guest.firmware import firmware
from tests.guest.machine import nvme, untouched
from tests.ports import free_port
from tests.running import wait_until

LATER: Final = 2.0
FIRST: Final = 3.0
"""Times the start of the same disk without us."""
SECONDS: Final = 900
ASKS: Final = 1.0
"""Seconds between two looks: each costs the guest a handshake."""
SYSTEMD: Final = Path("systemd/system")
GETTY: Final = "getty-of-the-bench.service"
SIGN_IN: Final = {
    f"systemd.extra-unit.{GETTY}": """\
[Unit]
After=systemd-user-sessions.service
[Service]
Type=idle
ExecStart=/sbin/agetty -L ttyS0 vt220
StandardInput=tty
StandardOutput=tty
TTYPath=/dev/ttyS0
""",
    "systemd.unit-dropin.multi-user.target~bench": f"[Unit]\nWants={GETTY}\n",
}
"""Debian's getty at the serial line, whose place our screen has in the image."""


def measure(report: Report, made: Disk, folder: Path) -> None:
    """Start it three times."""
    folder.mkdir()
    disk = folder / "disk"
    subprocess.run(["cp", "--sparse=always", str(made.raw), str(disk)], check=True)
    first = _until_console(disk, folder / "first")
    later = _until_console(disk, folder / "later")
    bare = _until_sign_in(disk, folder / "bare")
    report.note(f"without us {bare:.0f} s, first start {first:.0f} s, later {later:.0f} s")
    report.figure("start-first", FIRST * bare / first, 1)
    report.figure("start-later", LATER * bare / later, 1)


def _options(disk: Path, port: int) -> list[str]:
    variables = firmware(disk.with_name("variables"))
    return [*variables, *nvme(disk), "-m", "2048", *handed_out(port)]


def _until_console(disk: Path, folder: Path) -> float:
    port = free_port()

    def answers() -> bool:
        with contextlib.suppress(OSError, http.client.HTTPException):
            return "Claim code" in ask("/setup", port)[1]
        time.sleep(ASKS)  # as a person reloads
        return False

    return _seconds(folder, _options(disk, port), lambda _: answers())


def _until_sign_in(disk: Path, folder: Path) -> float:
    """Return the seconds without our units, until a getty asks who signs in."""
    units = [unit for unit in sorted(SYSTEMD.glob("tenshu*")) if unit.is_file()]
    line = " ".join(f"systemd.mask={unit.name}" for unit in units)
    options = [*_options(disk, free_port())]
    for told in (f"io.systemd.stub.kernel-cmdline-extra={line}", *map(_credential, SIGN_IN)):
        options += ["-smbios", f"type=11,value={told}"]
    return _seconds(folder, options, lambda serial: "login:" in serial.read_text(errors="replace"))


def _credential(name: str) -> str:
    told = base64.b64encode(SIGN_IN[name].encode()).decode()
    return f"io.systemd.credential.binary:{name}={told}"


def _seconds(folder: Path, options: list[str], there: Callable[[Path], bool]) -> float:
    with untouched(folder, options) as serial:
        began = time.monotonic()
        wait_until(lambda: serial.exists() and there(serial), "it has started", SECONDS)
        return time.monotonic() - began
