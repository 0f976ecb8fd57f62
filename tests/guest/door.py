"""The way into a guest: its firmware hands systemd a unit that runs our commands.

Nothing is added to the disk, so an image is tested as it is delivered. systemd takes credentials
from the firmware's strings (SMBIOS type 11), among them whole units.
"""

import base64
import subprocess
from pathlib import Path

from tests.guest import inside
from tests.guest.lines import Lines, Message

NAME = "door-of-the-test.service"
"""Not named as a unit of ours: each of those is in a sandbox (`tenshu-.service.d`)."""
UNIT = """\
[Unit]
Description=Commands of the test that drives this guest
DefaultDependencies=no
ConditionPathExists=!/etc/initrd-release
StartLimitIntervalSec=0
[Service]
ImportCredential=tenshu.door.py
ExecStart=/usr/bin/python3 %d/tenshu.door.py
Restart=always
RestartSec=100ms
"""
CREDENTIALS = {
    "tenshu.door.py": Path(inside.__file__).read_text(),
    f"systemd.extra-unit.{NAME}": UNIT,
    "systemd.unit-dropin.sysinit.target~door": f"[Unit]\nWants={NAME}\n",
}


class NoAnswer(Exception):
    """The guest did not run a command, or not to its end."""


def options(folder: Path) -> list[str]:
    """Return what QEMU needs for it; its end of the port is `door` in the folder."""
    # at a place of its own: with a door or without, everything else stays where firmware knows it
    words = ["-device", "virtio-serial-pci,addr=0x1c"]
    words += ["-device", f"virtserialport,chardev=door,name={inside.NAME}"]
    words += ["-chardev", f"socket,id=door,path={folder}/door,server=on,wait=off"]
    for number, (name, content) in enumerate(CREDENTIALS.items()):
        told = base64.b64encode(content.encode()).decode()
        file = folder / f"credential-{number}"
        file.write_text(f"io.systemd.credential.binary:{name}={told}")
        words += ["-smbios", f"type=11,path={file}"]
    return words


class Door:
    """Runs commands, one after the other."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self._asked = 0
        self.boot = ""
        """Which boot the guest is in (boot_id)."""

    def wait(self, seconds: float) -> None:
        """Wait until the guest has booted, or has booted again."""
        told: Message = {}
        while "boot" not in told:
            told = self._lines.hear(seconds)
        self.boot = told["boot"]

    def run(
        self, words: tuple[str, ...], stdin: str, seconds: float
    ) -> subprocess.CompletedProcess[str]:
        """Run a command to its end, as root. Raise NoAnswer."""
        self._asked += 1
        asked = {"number": self._asked, "words": words, "stdin": stdin, "seconds": seconds}
        self._lines.say(asked)
        told: Message = {}
        while told.get("number") != self._asked:
            try:
                told = self._lines.hear(seconds + 20)
            except (TimeoutError, EOFError) as error:
                raise NoAnswer(f"{words}: {error}") from error
            if "boot" in told:
                raise NoAnswer(f"{words}: the guest booted meanwhile")
        if "failed" in told:
            raise NoAnswer(f"{words}: {told['failed']}")
        return subprocess.CompletedProcess(words, told["code"], told["out"], told["errors"])
