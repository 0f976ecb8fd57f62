"""What each unit may still do, and why, written from the units themselves.

python -m tests.units > docs/security/units.md
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
SYSTEMD = ROOT / "systemd"
UNITS = SYSTEMD / "system"
OPEN = "30-open.conf"
"""The one drop-in of a unit in which something is opened."""


class Ceiling(NamedTuple):
    """How exposed a unit is at most, as `systemd-analyze security` of systemd 257 counts it."""

    promised: float
    """0 where nothing is promised: units of Debian."""
    held: float


OURS = {
    "tenshu-console": Ceiling(1.0, 1.0),
    "tenshu-workspace": Ceiling(1.5, 0.2),
    "tenshu-worker": Ceiling(1.5, 1.1),
    "tenshu-sealer": Ceiling(1.5, 0.3),
    "tenshu-edge": Ceiling(2.0, 2.0),
    "tenshu-desk": Ceiling(1.5, 0.4),
    "tenshu-screen@": Ceiling(1.5, 0.8),
    "tenshu-agent": Ceiling(3.5, 2.7),
    "tenshu-revert@": Ceiling(3.5, 2.1),
    "tenshu-seed": Ceiling(3.5, 0.7),
    "tenshu-starting": Ceiling(3.5, 2.2),
    "tenshu-job@": Ceiling(3.5, 1.2),
    "tenshu-neighbours": Ceiling(1.5, 1.4),
    "tenshu-mirror": Ceiling(3.5, 1.8),
    "tenshu-forget": Ceiling(3.5, 1.2),
    "tenshu-keyboard": Ceiling(3.5, 0.9),
    "tenshu-generation": Ceiling(3.5, 1.2),
    "tenshu-keeper": Ceiling(3.5, 1.1),
    "tenshu-healthy": Ceiling(3.5, 0.7),
    "tenshu-slots": Ceiling(3.5, 1.9),
    "tenshu-scrub": Ceiling(3.5, 0.7),
    "tenshu-prepare": Ceiling(3.5, 1.2),
}
DEBIANS = {
    "cron": Ceiling(0, 1.3),
    "chrony": Ceiling(0, 2.6),
    "ssh": Ceiling(0, 6.3),
    "systemd-networkd": Ceiling(0, 2.2),
    "systemd-resolved": Ceiling(0, 1.9),
    "rsyslog": Ceiling(0, 2.3),
    "postfix": Ceiling(0, 3.0),
}
"""Debian's units that the network reaches, or that reach it, or that run what lies in a folder;
each with a drop-in of ours."""
CEILINGS = OURS | DEBIANS


def instance(unit: str) -> str:
    """Return a unit's name as systemd is asked for it: a template needs an instance."""
    return f"{unit}1.service" if unit.endswith("@") else f"{unit}.service"


class Opening(NamedTuple):
    """Directives that are opened together, and why."""

    reason: str
    directives: tuple[str, ...]


def openings(unit: str) -> Iterator[Opening]:
    """Yield what a unit of ours opens. Each group of lines begins with a comment: the reason."""
    path = UNITS / f"{unit}.service.d" / OPEN
    text = path.read_text() if path.exists() else "[Service]\n"
    head, _, body = text.partition("[Service]\n")
    assert not head, f"{path}: nothing stands before [Service]"
    for comment, lines in re.findall(r"((?:^#.*\n)*)((?:^[^#\n].*\n)+)", body, re.MULTILINE):
        reason = " ".join(line.lstrip("# ") for line in comment.splitlines())
        yield Opening(reason, tuple(lines.splitlines()))


def settings(path: Path) -> dict[str, list[str]]:
    """Return the values of a unit's file by key, in their order."""
    found: dict[str, list[str]] = {}
    for line in path.read_text().splitlines():
        key, equals, value = line.partition("=")
        if equals and not line.startswith(("#", ";")):
            found.setdefault(key, []).append(value)
    return found


def _user(unit: str) -> str:
    return settings(UNITS / f"{unit}.service").get("User", ["root"])[0]


def _says(unit: str) -> str:
    (said,) = settings(UNITS / f"{unit}.service")["Description"]
    return said.removeprefix("Tenshu: ")


def _drop_in(unit: str) -> str:
    text = (UNITS / f"{unit}.service.d/tenshu.conf").read_text()
    comment = re.match(r"((?:^#.*\n)+)", text, re.MULTILINE)
    assert comment, f"{unit}: its drop-in begins with a comment"
    return " ".join(line.lstrip("# ") for line in comment[1].splitlines())


def compose() -> str:
    """Return the page."""
    return "\n".join([HEAD, *_ours(), BETWEEN, *_opened(), LAST, *_debians(), ""])


def _ours() -> Iterator[str]:
    yield "| Unit | What it is | User | Promised | Held |"
    yield "|---|---|---|---|---|"
    for unit, ceiling in OURS.items():
        cells = (f"`{unit}`", _says(unit), _user(unit), f"{ceiling.promised}", f"{ceiling.held}")
        yield f"| {' | '.join(cells)} |"


def _opened() -> Iterator[str]:
    for unit in OURS:
        found = list(openings(unit))
        if not found:
            continue
        yield f"\n### `{unit}`\n"
        yield "| Opened | Why |"
        yield "|---|---|"
        for reason, directives in found:
            yield f"| {'<br>'.join(f'`{one}`' for one in directives)} | {reason} |"


def _debians() -> Iterator[str]:
    yield "| Unit | Our drop-in | Held |"
    yield "|---|---|---|"
    for unit, ceiling in DEBIANS.items():
        yield f"| `{unit}` | {_drop_in(unit)} | {ceiling.held} |"


HEAD = """\
# What the processes may do to the machine

Written from `systemd/` by `python -m tests.units`. Where systemd is the first process, each process
of the appliance is a unit. `tenshu-.service.d/20-sandbox.conf` closes for all of them whatever
systemd can close; what one needs after all stands in its `30-open.conf`, and a test fails where a
line there has no reason. The numbers are those of `systemd-analyze security` (systemd 257, from 0,
closed, to 10): what was promised, and what a test holds.
"""
BETWEEN = """
## What is opened, and why
"""
LAST = """
## Debian's own units

Those that the network reaches, or that reach it, get a drop-in.
"""

if __name__ == "__main__":
    print(compose(), end="")  # noqa: T201
