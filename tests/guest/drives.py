"""Disks of a guest that can be pulled and put in, and moments to which it is brought back.

    begin = Moment(found, [one, two])
    begin.keep()
    …
    begin.bring_back()

Memory and disks are QEMU's internal snapshot, so each disk is an overlay (`overlay`) with a node of
its own name. A disk that was pulled in between is put in again first: QEMU goes back to the same
devices only.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from image.workshop import work
from tests.guest.machine import Guest
from tests.running import wait_until

CONTROLLER: Final = ("-device", "virtio-scsi-pci,id=scsi0")
"""Where drives are plugged in."""
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
class Drive:
    """A disk that can be pulled and put in again. Its file's name is its serial number."""

    file: Path
    slot: int
    """Where it is plugged in, so that the kernel finds them in this order."""
    kind: str = "raw"
    """Of its file: `qcow2` for an overlay."""

    @property
    def name(self) -> str:
        return self.file.name

    @property
    def _node(self) -> dict[str, Any]:
        # a mirror that is filled is mostly zeros: they take neither time nor room
        holes = {"discard": "unmap", "detect-zeroes": "unmap"}
        file = {"driver": "file", "filename": str(self.file), **holes}
        return {"node-name": self.name, "driver": self.kind, "file": file, **holes}

    @property
    def _device(self) -> dict[str, Any]:
        # what a hypervisor says to firmware too: disks, and no minutes of asking the network
        place = {"bus": "scsi0.0", "channel": 0, "scsi-id": self.slot, "lun": 0,
                 "bootindex": self.slot + 1}  # fmt: skip
        return {
            "driver": "scsi-hd",
            "id": self.name,
            "drive": self.name,
            "serial": self.name,
            **place,
        }

    def options(self) -> list[str]:
        """Return the options of a machine that has it from the beginning."""
        return ["-blockdev", json.dumps(self._node), "-device", json.dumps(self._device)]

    def put_in(self, found: Guest) -> None:
        """Put it in, as a hand does, if it is not in."""
        known = [one["node-name"] for one in found.ask_monitor("query-named-block-nodes")]
        if self.name not in known:
            found.ask_monitor("blockdev-add", **self._node)
        there = found.ask_monitor("qom-list", path="/machine/peripheral")
        if self.name not in [one["name"] for one in there]:
            found.ask_monitor("device_add", **self._device)

    def pull(self, found: Guest) -> None:
        """Pull it: from now on the machine gets no answer from it."""
        found.ask_monitor("device_del", id=self.name)


@dataclass(frozen=True)
class Moment:
    """One that was kept: booted once, a guest is new for each test."""

    found: Guest
    drives: Sequence[Drive]
    name: str = "kept"

    def keep(self) -> None:
        """Keep this moment."""
        self._job("snapshot-save")

    def bring_back(self) -> None:
        """Bring the guest back to it."""
        self.found.ask_monitor("stop")
        for drive in self.drives:
            drive.put_in(self.found)
        self._job("snapshot-load")
        self.found.ask_monitor("cont")

    def _job(self, command: str) -> None:
        nodes = [drive.name for drive in self.drives]
        told = {"job-id": command, "tag": self.name, "vmstate": nodes[0], "devices": nodes}
        self.found.ask_monitor(command, **told)

        def is_over() -> bool:
            (job,) = self.found.ask_monitor("query-jobs")
            return bool(job["status"] == "concluded")

        wait_until(is_over, command, SECONDS)
        (job,) = self.found.ask_monitor("query-jobs")
        self.found.ask_monitor("job-dismiss", id=command)
        assert "error" not in job, job
