"""A guest at one moment, to which it is brought back: booted once, it is new for each test.

    begin = moment(found, [one, two])
    …
    begin.bring_back()

Memory and disks are QEMU's internal snapshot, so each disk is an overlay (`overlay`) with a node of
its own name. A disk that was pulled in between is put in again first: QEMU goes back to the same
devices only.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from image.workshop import work
from tests.guest.machine import Guest
from tests.running import wait_until

SECONDS: Final = 120


def overlay(base: Path, folder: Path, name: str) -> Path:
    """Make a disk on which is what `base` has, and which can be brought back."""
    made = folder / name
    size = str(base.stat().st_size)
    brought = {"base": base.parent, "made": folder}
    words = ["qemu-img", "create", "-q", "-u", "-f", "qcow2", "-F", "raw", "-b", str(base)]
    work(*words, f"/mnt/made/{name}", size, brought=brought, seconds=60)
    return made


@dataclass(frozen=True)
class Pulled:
    """A disk that can be pulled and put in again: its file, and its place (QEMU's `device_add`)."""

    file: Path
    place: Mapping[str, Any]

    @property
    def node(self) -> dict[str, Any]:
        """What the emulator reads it by."""
        file = {"driver": "file", "filename": str(self.file)}
        return {"node-name": self.file.name, "driver": "qcow2", "file": file}

    def options(self) -> list[str]:
        """Return the options of a machine that has it from the beginning."""
        place = {**self.place, "drive": self.file.name}
        return ["-blockdev", json.dumps(self.node), "-device", json.dumps(place)]


@dataclass(frozen=True)
class Moment:
    """One that was kept."""

    found: Guest
    disks: Sequence[Pulled]
    name: str = "kept"

    def keep(self) -> None:
        """Keep this moment."""
        self._job("snapshot-save")

    def bring_back(self) -> None:
        """Bring the guest back to it."""
        self.found.ask_monitor("stop")
        for disk in self.disks:
            self._put_in(disk)
        self._job("snapshot-load")
        self.found.ask_monitor("cont")

    def _put_in(self, disk: Pulled) -> None:
        known = [one["node-name"] for one in self.found.ask_monitor("query-named-block-nodes")]
        if disk.file.name not in known:
            self.found.ask_monitor("blockdev-add", **disk.node)
        there = self.found.ask_monitor("qom-list", path="/machine/peripheral")
        if disk.file.name not in [one["name"] for one in there]:
            self.found.ask_monitor("device_add", **disk.place, drive=disk.file.name)

    def _job(self, command: str) -> None:
        nodes = [disk.file.name for disk in self.disks]
        told = {"job-id": command, "tag": self.name, "vmstate": nodes[0], "devices": nodes}
        self.found.ask_monitor(command, **told)

        def is_over() -> bool:
            (job,) = self.found.ask_monitor("query-jobs")
            return bool(job["status"] == "concluded")

        wait_until(is_over, command, SECONDS)
        (job,) = self.found.ask_monitor("query-jobs")
        self.found.ask_monitor("job-dismiss", id=command)
        assert "error" not in job, job
