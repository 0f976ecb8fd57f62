"""The page of benchmarks, written from what is waived and what was counted.

python -m tests.benchmarks.page > docs/security/benchmarks.md
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.benchmarks.brought import DATA, VERSION
from tests.benchmarks.figures import Counted, figures
from tests.benchmarks.waivers import waived, waivers

ROOT: Final = Path(__file__).parents[2]
PAGE: Final = ROOT / "docs/security/benchmarks.md"
COMMAND: Final = "python -m tests.benchmarks.page > docs/security/benchmarks.md"


def compose() -> str:
    """Return the page."""
    return "\n".join([HEAD, *_figures(), BETWEEN, *_waivers(), LAST])


def _figures() -> Iterator[str]:
    found = figures()
    yield "| Benchmark | Hold | Do not | Share | The host's | Not applicable |"
    yield "|---|---|---|---|---|---|"
    yield _row("CIS Debian 13, level 1, server", found.cis)
    yield _row("ANSSI BP-028, enhanced", found.anssi)
    yield ""
    yield (f"lynis: an index of {found.lynis_index} of 100, no warning, {found.lynis_tests} tests.")


def _row(name: str, one: Counted) -> str:
    share = f"{100 * one.passed / (one.passed + one.failed):.1f} %"
    cells = (name, one.passed, one.failed, share, one.of_the_host, one.not_applicable)
    return f"| {' | '.join(map(str, cells))} |"


def _waivers() -> Iterator[str]:
    found = waivers()
    yield f"{len(found)} waivers, for {len(waived())} rules."
    yield ""
    yield "| Rules | Why they are not followed |"
    yield "|---|---|"
    for one in found:
        yield f"| {'<br>'.join(f'`{rule}`' for rule in one.rules)} | {one.reason} |"


HEAD: Final = f"""\
# Benchmarks of the machine

Written from `tests/benchmarks` by `{COMMAND}`. Others have written down how a Debian 13 is closed;
their programs look at the appliance as it has booted, with its services running and a document that
names a server of time. OpenSCAP and lynis are Debian 13's, the rules are ComplianceAsCode's of
`{DATA}` {VERSION}, the first that know Debian 13. None of them lies in the image.
"""
BETWEEN: Final = """
*Not applicable* are rules of programs that are not here (a desktop, GRUB, ufw). *The host's* are
rules that ask the kernel for its own settings: in a container, where tests look each time, another
system's kernel answers; they count neither way.

## What is waived of CIS level 1
"""
LAST: Final = """
A test fails where a rule is neither followed nor waived, where a waiver is no longer needed, and
where a weakness that it plants is not found.

ANSSI's rules that do not hold are mostly about partitions that an image with two slots has not,
`sudo` and `auditd`, which are not here (the appliance's own history is sealed and signed), and logs
that leave by rsyslog (ours leave by receivers that the console shows).

## How to repeat it

`python -m pytest tests/scans/test_openscap.py tests/scans/test_lynis.py`, as root, on a Debian that
reaches its mirrors. What it takes from there is kept in `.make/image`.
"""

if __name__ == "__main__":
    print(compose(), end="")  # noqa: T201
