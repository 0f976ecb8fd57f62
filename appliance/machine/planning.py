"""From a document to everything that it comes to, and to what that would change."""

import difflib
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

import msgspec

from appliance.contract.configuration.document import Document
from appliance.contract.configuration.network import Proxy
from appliance.contract.configuration.sections import Section
from appliance.contract.configuration.state import FileChange
from appliance.contract.configuration.unavailable import ConcernUnavailable
from appliance.machine.concerns import HANDLING, Where
from appliance.machine.facts import Facts
from appliance.machine.plan import (
    edge,
    firewall,
    maintenance,
    network,
    proxy,
    ssh,
    timekeeping,
    trust,
)
from appliance.machine.plan.desired import LOCKS_OUT, Concern, Desired, gather
from appliance.machine.root import Root, write_file

PLANNERS: Final = {
    Concern.FIREWALL: (firewall.files,),
    Concern.NETWORK: (network.files,),
    Concern.TIME: (timekeeping.files,),
    Concern.SSH: (ssh.files, maintenance.files),
    Concern.EDGE: (edge.files,),
    Concern.OUTGOING: (proxy.files, trust.files),
}


OBEYED: Final[dict[Concern, Callable[[Document], Section]]] = {
    Concern.NETWORK: lambda document: msgspec.structs.replace(document.network, proxy=Proxy()),
    Concern.TIME: lambda document: document.time,
    Concern.SSH: lambda document: document.ssh,
}
"""What nobody obeys where the concern cannot be had. Of firewall, edge and proxy the appliance's
own processes obey what is said."""


def available(where: Where) -> dict[Concern, ConcernUnavailable | None]:
    """Return each concern and why it cannot be had here; none where it can."""
    return {concern: handling.missing(where) for concern, handling in HANDLING.items()}


def unavailable(where: Where, before: Document, after: Document) -> tuple[ConcernUnavailable, ...]:
    """Return what stands against each section that changes and that nobody here would obey."""
    missing = available(where)
    return tuple(
        reason
        for concern, part in OBEYED.items()
        if part(before) != part(after) and (reason := missing[concern])
    )


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
            write_file(Path(folder), file, durable=False)
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
