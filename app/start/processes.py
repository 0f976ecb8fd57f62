"""Which processes of the appliance run: asked of who watches over them, supervisor or systemd."""

import subprocess
import time
import xmlrpc.client
from typing import Final

import msgspec

from app.core import data_folder
from app.core.settings import Settings
from app.start.control import supervisor_of
from app.start.programs import PROGRAMS

RUNNING: Final = "RUNNING"
STARTING: Final = "STARTING"
SETTLED_SECONDS: Final = 3.0
"""A supervisor calls a process started once it has lived for a second, and may have answered by
then: so long it is waited for before anybody is told that something does not run."""
EDGE: Final = "edge"
SECONDS: Final = 10
PAUSE: Final = 0.1
_ASKED: Final = ("Id", "ActiveState", "SubState", "MainPID", "ActiveEnterTimestamp")


class Process(msgspec.Struct, frozen=True, kw_only=True):
    """One process, in the words of who watches over it."""

    name: str
    state: str
    """`RUNNING` where all is well."""
    description: str


def processes(settings: Settings) -> list[Process]:
    """Return the processes; none where nobody watches over this data folder."""
    if data_folder.holder(settings.data) == data_folder.UNITS:
        return _of_systemd()
    try:
        with supervisor_of(settings) as supervisor:
            found = supervisor.getAllProcessInfo()
    except (OSError, xmlrpc.client.Error):
        return []
    assert isinstance(found, list)  # noqa: S101 - supervisord's documented answer
    return [
        Process(name=one["name"], state=one["statename"], description=one["description"])
        for one in found
    ]


def settled(settings: Settings) -> list[Process]:
    """Return the same once none of them just starts, or a little later."""
    until = time.monotonic() + SETTLED_SECONDS
    while True:
        found = processes(settings)
        if all(one.state != STARTING for one in found) or time.monotonic() > until:
            return found
        time.sleep(PAUSE)


def _of_systemd() -> list[Process]:
    """Ask systemd for our units, in the order of the programs, the edge last."""
    units = [f"tenshu-{program.name}.service" for program in PROGRAMS] + [f"tenshu-{EDGE}.service"]
    asked = ["systemctl", "show", f"--property={','.join(_ASKED)}", *units]
    try:
        told = subprocess.run(  # noqa: S603 - a fixed command
            asked, capture_output=True, text=True, timeout=SECONDS, check=False
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return []
    return [_unit(block) for block in told.strip().split("\n\n") if block]


def _unit(block: str) -> Process:
    """Return what systemd says of one unit, a property a line."""
    told = dict(line.split("=", 1) for line in block.splitlines())
    runs = (told["ActiveState"], told["SubState"]) == ("active", "running")
    return Process(
        name=told["Id"].removeprefix("tenshu-").removesuffix(".service"),
        state=RUNNING if runs else f"{told['ActiveState']} ({told['SubState']})",
        description=f"pid {told['MainPID']}, {told['ActiveEnterTimestamp']}" if runs else "",
    )
