"""lynis over a machine: its index of hardening, its warnings, how many tests it ran."""

import re
from dataclasses import dataclass
from typing import Final

from tests.benchmarks.brought import PLACE
from tests.benchmarks.place import Place

SECONDS: Final = 170
REPORT: Final = "/run/benchmark-lynis"


@dataclass(frozen=True)
class Audit:
    """What it found."""

    index: int
    """Of 100."""
    tests: int
    warnings: tuple[str, ...]
    suggestions: tuple[str, ...]


def audit(place: Place, *tests: str) -> Audit:
    """Run all of its tests, or some."""
    only = f'--tests "{" ".join(tests)}"' if tests else ""
    ended = place.run(
        *("sh", "-c"),
        f"cd /{PLACE}/usr/share/lynis && ./lynis audit system --quick --quiet --no-colors {only}"
        f" --report-file {REPORT}.dat --log-file {REPORT}.log >/dev/null && cat {REPORT}.dat",
        seconds=SECONDS,
    )
    assert ended.returncode == 0, ended.stderr[-3000:]
    return read(ended.stdout)


def read(report: str) -> Audit:
    """Read a report: a key and a value on each line."""

    def values(key: str) -> tuple[str, ...]:
        return tuple(re.findall(rf"^{re.escape(key)}=(.*)$", report, re.MULTILINE))

    (index,) = values("hardening_index")
    (tests,) = values("lynis_tests_done")
    return Audit(int(index), int(tests), values("warning[]"), values("suggestion[]"))
