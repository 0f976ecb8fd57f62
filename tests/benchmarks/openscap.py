"""OpenSCAP over a machine: which rules of a profile hold, which do not, which are no matter of it.

A false clean is easily had (a wrong product makes every rule "not applicable" and ends with 0), so
what was looked at is counted, and who calls this holds the count.
"""

import re
from dataclasses import dataclass
from typing import Final

from tests.benchmarks.brought import PLACE
from tests.benchmarks.place import Place, written

SECONDS: Final = 240
RULE: Final = "xccdf_org.ssgproject.content_rule_"
PROFILE: Final = "xccdf_org.ssgproject.content_profile_"
VALUE: Final = "xccdf_org.ssgproject.content_value_"
DATA: Final = f"/{PLACE}/usr/share/xml/scap/ssg/content/ssg-debian13-ds.xml"
TAILORING: Final = "/run/benchmark.xml"
CIS: Final = "cis_level1_server"
ANSSI: Final = "anssi_bp28_enhanced"
TIME_SERVER: Final = "ntp.example.co.jp"
CHOSEN: Final = {
    "var_timesync_service": "chronyd",
    "var_multiple_time_servers": TIME_SERVER,
    "var_multiple_time_pools": TIME_SERVER,
}
"""What the profiles leave to whoever runs the machine."""


@dataclass(frozen=True)
class Findings:
    """The rules by what OpenSCAP says of them, without its prefix."""

    passed: frozenset[str]
    failed: frozenset[str]
    """Also those that could not be evaluated."""
    not_applicable: frozenset[str]
    not_checked: frozenset[str]
    """Questions to a person: no program can answer them."""

    @property
    def evaluated(self) -> int:
        """How many rules were decided."""
        return len(self.passed) + len(self.failed)


def evaluate(place: Place, profile: str, rules: tuple[str, ...] = ()) -> Findings:
    """Run a profile, or some of its rules."""
    written(place, TAILORING, _tailoring(profile))
    words = [f"--rule={RULE}{rule}" for rule in rules]
    ended = place.run(
        *("env", f"LD_LIBRARY_PATH=/{PLACE}/usr/lib/x86_64-linux-gnu"),
        f"OSCAP_SCHEMA_PATH=/{PLACE}/usr/share/openscap/schemas",
        f"OSCAP_XSLT_PATH=/{PLACE}/usr/share/openscap/xsl",
        *(f"/{PLACE}/usr/bin/oscap", "xccdf", "eval", "--progress"),
        *(
            "--tailoring-file",
            TAILORING,
            "--profile",
            f"xccdf_tenshu_profile_{profile}",
            *words,
            DATA,
        ),
        seconds=SECONDS,
    )
    assert ended.returncode in (0, 2), ended.stderr[-3000:]
    return read(ended.stdout)


def read(told: str) -> Findings:
    """Read what `--progress` prints: a rule and its result on each line."""
    found: dict[str, set[str]] = {}
    for rule, result in re.findall(rf"^{RULE}(\S+):(\w+)$", told, re.MULTILINE):
        found.setdefault(result, set()).add(rule)
    known = ("pass", "notapplicable", "notchecked")
    failed = set().union(*(rules for result, rules in found.items() if result not in known))
    passed, not_applicable, not_checked = (frozenset(found.get(one, ())) for one in known)
    return Findings(passed, frozenset(failed), not_applicable, not_checked)


def _tailoring(profile: str) -> str:
    values = "".join(
        f'<set-value idref="{VALUE}{name}">{value}</set-value>' for name, value in CHOSEN.items()
    )
    name = f"xccdf_tenshu_profile_{profile}"
    return (
        '<Tailoring xmlns="http://checklists.nist.gov/xccdf/1.2" id="xccdf_tenshu_tailoring_1">'
        f'<benchmark href="{DATA}"/><version time="2026-01-01T00:00:00">1</version>'
        f'<Profile id="{name}" extends="{PROFILE}{profile}"><title>Tenshu</title>'
        f"{values}</Profile></Tailoring>"
    )
