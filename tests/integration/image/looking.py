"""What is seen of a machine that has started: from its network, on its screen, inside."""

import contextlib
import http.client
import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import pyte

from tests.guest.console import PORT as CONSOLE
from tests.guest.console import ask
from tests.guest.machine import Guest, needed, wait_inside
from tests.hosts import Host
from tests.integration.systemd.booted import SOCKET, WHO

WORKSPACE: Final = 8444
PORTS: Final = (
    *(22, 25, 53, 80, 111, 123, 323, 443, 514, 2049, 5432, 8000, 8080),
    *(CONSOLE, WORKSPACE, 9443),
)
CARD: Final = "enp0s17"
START: Final = "/run/start"
"""Where the loader's partition is looked at."""
KEPT: Final = (
    "/etc/machine-id",
    "/var/lib/tenshu/data/machine/placed.json",
    "/etc/nginx/nginx.conf",
)


@dataclass
class Seen:
    """What was seen."""

    page: str
    fingerprint: str
    ports: dict[int, str]
    kept: dict[str, str]
    unlisted: str
    mounts: str
    written: str
    failed: str
    loader: dict[str, str]
    """Its kernel images and their hashes."""
    disks: dict[str, Any]
    """What `tenshu disks show` tells of them."""


@contextlib.contextmanager
def far_end() -> Iterator[Host]:
    """Give the far end of the machine's cable."""
    needed()
    host = Host(f"tenshu-{secrets.token_hex(3)}-far")
    try:
        host.run("ip", "tuntap", "add", "tap1", "mode", "tap")
        host.run("ip", "link", "set", "tap1", "up")
        yield host
    finally:
        host.close()


def greeted(far: Host, path: str) -> tuple[str, str]:
    """Wait until the console answers; return its certificate's fingerprint and a page."""
    answered: list[tuple[str, str]] = []

    def answers() -> bool:
        with contextlib.suppress(OSError, http.client.HTTPException):
            answered.append(far.call(ask, path))
        return bool(answered)

    wait_inside(answers, "the console answers through the network", 240)
    return answered[0]


def look(found: Guest, far: Host, path: str, disk: str) -> Seen:
    """Wait until it has started to its end, and look at everything; `disk` is one of its own."""
    fingerprint, page = greeted(far, path)
    address = link_local(found)
    return Seen(
        page=page,
        fingerprint=fingerprint,
        ports={port: far.tcp(f"{address}%tap1", port) for port in PORTS},
        kept={path: found.said("sha256sum", path) for path in KEPT},
        unlisted=found.run("cat", "/etc/unlisted").stdout,
        mounts=found.said("findmnt", "--noheadings", "--list", "--output=TARGET,FSTYPE,OPTIONS"),
        written=found.run("touch", "/usr/written").stderr,
        failed=failed(found),
        loader=loader_of(found, disk),
        disks=json.loads(found.said("tenshu", "--json", "disks", "show", seconds=150)),
    )


def loader_of(found: Guest, disk: str) -> dict[str, str]:
    """Wait until the slots were looked after; return the loader's kernel images with hashes."""
    ended = ("systemctl", "show", "-pActiveState,Result,ExecMainExitTimestampMonotonic")
    device = f"/dev/disk/by-id/scsi-0QEMU_QEMU_HARDDISK_{disk}-part1"
    begin = f"mkdir -p {START} && mount -o ro {device} {START} && cd {START}/EFI/Linux"
    listed: list[str] = []

    def is_done() -> bool:
        told = found.said(*ended, "tenshu-slots").splitlines()
        if not is_healthy(found) or not {"ActiveState=inactive", "Result=success"} <= {*told}:
            return False
        if "ExecMainExitTimestampMonotonic=0" in told:
            return False
        found_there = found.run("sh", "-c", f"{begin} && sha256sum *; cd /; umount {START}")
        listed[:] = found_there.stdout.splitlines()
        return bool(listed)

    wait_inside(is_done, "the slots are looked after", 240)
    wait_inside(lambda: has_copy(found), "each disk has a copy of the system", 240)
    return {name: digest for digest, name in (line.split() for line in listed)}


def listed(found: Guest) -> dict[str, Any] | None:
    """Return what the agent tells of the disks; nothing while it does not answer.

    Asked itself: what `tenshu disks show` loads, again and again, would slow down what is awaited.
    """
    told = json.dumps({"caller": WHO})
    ended = found.run("varlinkctl", "call", SOCKET, "tenshu.appliance.ListDisks", told)
    if ended.returncode:
        return None
    answer: dict[str, Any] = json.loads(ended.stdout)["result"]
    return answer


def has_copy(found: Guest) -> bool:
    """Tell whether each disk has a copy of the system."""
    told = listed(found)
    return bool(told and told["system"]["state"] == "whole")


def is_healthy(found: Guest) -> bool:
    return found.run("systemctl", "is-active", "boot-complete.target").returncode == 0


def failed(found: Guest) -> str:
    """Return the units that have failed."""
    return found.said("systemctl", "--failed", "--no-legend", "--plain")


def claim_screen(found: Guest) -> str:
    """Return what stands on the machine's own screen, as a terminal at its serial line has it."""
    text = ""

    def stands_there() -> bool:
        nonlocal text
        screen = pyte.Screen(80, 24)
        pyte.Stream(screen).feed(found.serial)
        text = "\n".join(screen.display)
        return "Claim code" in text and "SHA-256" in text

    wait_inside(stands_there, "the claim code stands on the screen", 120)
    return text


def link_local(found: Guest) -> str:
    """Return the address that the machine has given itself on the cable."""
    told = found.said("ip", "-6", "-oneline", "address", "show", "dev", CARD, "scope", "link")
    return told.split("inet6 ")[1].split("/")[0]
