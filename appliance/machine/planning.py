"""From a document to everything that it comes to, and to what that would change."""

import difflib
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from appliance.contract.configuration.document import Document
from appliance.contract.configuration.state import FileChange
from appliance.machine.concerns import HANDLING, Where
from appliance.machine.facts import Facts
from appliance.machine.plan import edge, firewall, network, proxy, ssh, timekeeping
from appliance.machine.plan.desired import LOCKS_OUT, Concern, Desired, gather
from appliance.machine.root import Root, write_file

PLANNERS: Final = {
    Concern.FIREWALL: (firewall.files,),
    Concern.NETWORK: (network.files, proxy.files),
    Concern.TIME: (timekeeping.files,),
    Concern.SSH: (ssh.files,),
    Concern.EDGE: (edge.files,),
}


def available(where: Where) -> dict[Concern, str]:
    """Return each concern and why it cannot be had here; an empty text where it can."""
    return {concern: handling.missing(where) for concern, handling in HANDLING.items()}


def desire(document: Document, facts: Facts, concerns: Iterable[Concern]) -> Desired:
    """Return the files of these concerns. Pure."""
    return gather(
        file
        for concern in concerns
        for planner in PLANNERS[concern]
        for file in planner(document, facts)
    )


def check(where: Where, desired: Desired) -> None:
    """Let each program read what would be written for it. Raise ProgramRefused."""
    with tempfile.TemporaryDirectory(prefix="tenshu-check-") as folder:
        for file in desired.files:
            write_file(Path(folder), file)
        for concern in sorted({one.concern for one in desired.files}):
            HANDLING[concern].check(where, Path(folder))


def may_lock_out(before: Desired, after: Desired) -> bool:
    """Tell whether the step from one to the other may exclude who makes it."""
    return any(before.of(concern) != after.of(concern) for concern in LOCKS_OUT)


def changes(root: Root, desired: Desired) -> tuple[FileChange, ...]:
    """Return the files that would change, with the lines that go and come."""
    found = []
    wanted = desired.by_path()
    for path in sorted({*wanted, *root.placed().files}):
        before = root.read(path)
        after = wanted[path].content if path in wanted else ""
        if before != after:
            lines = difflib.unified_diff(
                before.splitlines(), after.splitlines(), "before", "after", lineterm="", n=2
            )
            concern = wanted[path].concern if path in wanted else ""
            found.append(FileChange(path=path, concern=concern, difference="\n".join(lines)))
    return tuple(found)
