"""Every byte of a repository, read and verified (METI-28)."""

import time

from appliance.backup.borg import Borg
from appliance.backup.borg_json import Line
from appliance.backup.reporter import Reporter
from appliance.contract.runs import CheckResult, Phase


def verify(borg: Borg, reporter: Reporter) -> CheckResult:
    """Return whether the repository is whole. Damage is a result, not an error."""
    begun = time.monotonic()
    reporter.phase(Phase.checking)

    def hear(line: Line) -> None:
        # Borg counts segments, then chunks, then archives: each counts as a third of the bar
        share = {"repository.check": 0, "check.verify_data": 1, "check.rebuild_refcounts": 2}
        if line.type == "progress_percent" and line.total and line.msgid in share:
            third = share[line.msgid] + line.current / line.total
            reporter.reach_share(third / 3)

    whole, findings = borg.check(hear)
    reporter.phase(Phase.finished)
    return CheckResult(
        whole=whole, milliseconds=round((time.monotonic() - begun) * 1000), findings=findings
    )
