"""What sshd is told of maintenance beside its own rules: who may come, and what runs then (S11).

Two users and nobody else; whatever they ask for, the door runs, which hands the session to the
agent. A certificate whose window was closed stands in the list of revoked ones.
"""

import inspect
from collections.abc import Iterator
from typing import Final

from appliance.contract.configuration.document import Document
from appliance.machine.facts import Facts
from appliance.machine.plan.desired import Concern, File
from appliance.machine.plan.heading import HEADING
from appliance.maintenance import door
from appliance.maintenance.people import USERS

RULES: Final = "etc/ssh/sshd_config.d/20-tenshu-maintenance.conf"
DOOR: Final = "etc/ssh/tenshu-door"
SOCKET: Final = "run/tenshu-maintenance/door.sock"
PYTHON: Final = "/usr/bin/python3"
"""Debian's own: the user who comes in needs nothing of ours but the door."""


def files(document: Document, facts: Facts) -> Iterator[File]:  # noqa: ARG001 - all are asked alike
    """Yield sshd's drop-in for the two users, and the door."""
    names = tuple(USERS.values())
    root = facts.edge.root
    lines = [f"AllowUsers {' '.join(names)}"]
    if facts.ssh_revoked:
        lines.append(f"RevokedKeys {facts.ssh_revoked}")
    lines += [
        f"Match User {','.join(names)}",
        f"\tForceCommand {PYTHON} -I {root}/{DOOR} {root}/{SOCKET}",
        "Match all",
    ]
    content = HEADING + "\n".join(lines) + "\n"
    yield File(path=RULES, content=content, concern=Concern.SSH)
    yield File(path=DOOR, content=inspect.getsource(door), concern=Concern.SSH)
