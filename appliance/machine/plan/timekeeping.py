"""Time, by chrony: the servers that the document names and no others.

- While chronyd starts (with the machine, or because this file changed) a wrong clock is put right
  at once. Afterwards time never jumps: it is slewed, and a server that is further off than
  `largest_step` is not believed, however long it insists. chronyd tells its log each time.
- Of three servers the one that is wrong is found out by the others (falsetickers).
- A Windows domain controller tells an uncertainty of 10 s and more; chronyd takes sources up to 3 s
  unless it is told otherwise, which holds for all of them.
- Nobody is served, and chronyc speaks to it by its Unix socket only.
"""

from collections.abc import Iterator
from typing import Final

from appliance.contract.configuration.document import Document
from appliance.machine.facts import Facts
from appliance.machine.plan.desired import Concern, File
from appliance.machine.plan.heading import HEADING

PATH: Final = "etc/chrony/chrony.conf"
AT_START: Final = 3
"""Updates of the clock that belong to the start."""
WINDOWS_DISTANCE: Final = 16
"""Seconds: root distance up to which a source is believed (NTP's own limit, RFC 5905)."""


def files(document: Document, facts: Facts) -> Iterator[File]:  # noqa: ARG001 - as every planner
    """Yield chrony.conf. Without a server there is none either: Debian's pool is not asked."""
    time = document.time
    lines = [f"server {one.host} iburst" for one in time.servers]
    if any(one.windows for one in time.servers):
        lines.append(f"maxdistance {WINDOWS_DISTANCE}")
    lines += [
        f"makestep 1 {AT_START}",
        f"maxchange {time.largest_step} {AT_START} -1",
        "logchange 0.5",
        "maxupdateskew 100",
        "rtcsync",
        "driftfile /var/lib/chrony/chrony.drift",
        "port 0",
        "cmdport 0",
    ]
    yield File(path=PATH, content=HEADING + "\n".join(lines) + "\n", concern=Concern.TIME)
