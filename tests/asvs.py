"""Where we stand with OWASP's ASVS 5.0: the page and the count, written from `asvs.csv`.

python -m tests.asvs

A row of `docs/reference/asvs.csv` is a requirement of level 1 or 2 in our own words. *Proven* names
the tests that would fail if it stopped being so; *not applicable* and *not yet* say why.
"""

import ast
import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
TABLE = ROOT / "docs/reference/asvs.csv"
PAGE = ROOT / "docs/security/asvs.md"
README = ROOT / "README.md"
COLUMNS = ("id", "level", "requirement", "status", "proof", "reason")
PROVEN, ELSEWHERE, LATER = "proven", "not applicable", "not yet"
COUNT = re.compile(r"^OWASP ASVS 5\.0: .*$", re.MULTILINE)
NUMBER = re.compile(r"_ASVS((?:_\d+){3})(?=_ASVS|$)")
"""As a test's name carries it: V6.2.4 is ASVS_6_2_4 there."""

CHAPTERS = {
    "1": "Encoding and sanitisation",
    "2": "Validation and business logic",
    "3": "Web frontend",
    "4": "API and web service",
    "5": "File handling",
    "6": "Authentication",
    "7": "Sessions",
    "8": "Authorisation",
    "9": "Self-contained tokens",
    "10": "OAuth and OIDC",
    "11": "Cryptography",
    "12": "Communication",
    "13": "Configuration",
    "14": "Data protection",
    "15": "Architecture and coding",
    "16": "Logging and errors",
    "17": "WebRTC",
}

HEAD = """\
# OWASP ASVS 5.0, levels 1 and 2: where we stand

Written from [asvs.csv](../reference/asvs.csv), which names the tests; a test fails where it is not
current: `python -m tests.asvs`. *Proven* means: a named test would fail if it stopped being so.
The sentences are ours; the requirements stand in the standard (OWASP, CC BY-SA 4.0), under the same
numbers. This is our own reading, not a third party's assessment.
"""


@dataclass(frozen=True)
class Row:
    """One requirement."""

    id: str
    level: str
    requirement: str
    status: str
    proof: str
    reason: str

    @property
    def chapter(self) -> str:
        return self.id.removeprefix("V").partition(".")[0]

    @property
    def tests(self) -> list[str]:
        """Return the tests that prove it: `file::test`, with all their parameters."""
        return self.proof.split()


def read_rows() -> list[Row]:
    """Return the table. Raise ValueError for other columns than ours."""
    with TABLE.open(newline="") as file:
        head, *lines = csv.reader(file)
    if tuple(head) != COLUMNS:
        raise ValueError(head)
    return [Row(*line) for line in lines]


def count(rows: Iterable[Row], level: str) -> dict[str, int]:
    """Return how many rows of a level have each status."""
    found = [row.status for row in rows if row.level == level]
    return {status: found.count(status) for status in (PROVEN, LATER, ELSEWHERE)}


def summary(rows: list[Row]) -> str:
    """Return the line that stands in the README."""
    parts = []
    for level in ("1", "2"):
        counted = count(rows, level)
        applicable = counted[PROVEN] + counted[LATER]
        share = 100 * counted[PROVEN] // applicable
        parts.append(f"level {level} {counted[PROVEN]} of {applicable} ({share} %)")
    return (
        "OWASP ASVS 5.0: of the requirements that apply, a named test proves "
        f"{' and '.join(parts)}; [the rest is named](docs/security/asvs.md)."
    )


def compose(rows: list[Row]) -> str:
    """Return the page as Markdown."""
    lines = [HEAD, "| Level | Proven | Not yet | Does not apply |", "|---|---|---|---|"]
    for level in ("1", "2"):
        counted = count(rows, level)
        lines.append(f"| {level} | {counted[PROVEN]} | {counted[LATER]} | {counted[ELSEWHERE]} |")
    lines += ["", "## Not yet", "", "| Number | Level | Requirement | Why |", "|---|---|---|---|"]
    lines += [
        f"| {row.id} | {row.level} | {row.requirement} | {row.reason} |"
        for row in rows
        if row.status == LATER
    ]
    for number, name in CHAPTERS.items():
        lines += ["", f"## V{number} {name}", ""]
        lines += [_line(row) for row in rows if row.chapter == number]
    return "\n".join(lines) + "\n"


def _line(row: Row) -> str:
    told = f"- **{row.id}** (level {row.level}) {row.requirement}: "
    if row.status != PROVEN:
        return f"{told}*{row.status}*. {row.reason}"
    names = "; ".join(_spoken(test) for test in row.tests)
    return f"{told}{names}." + (f" {row.reason}" if row.reason else "")


def _spoken(test: str) -> str:
    """Return a test's name as the sentence that it is."""
    name = test.rpartition("::")[2].removeprefix("test_")
    return re.sub(r"(?:_(?:ASVS(?:_\d+){3}|METI_\d+|[FSV]\d+))+$", "", name).replace("_", " ")


def numbers_of(name: str) -> list[str]:
    """Return the requirements that a test's name ends with."""
    return ["V" + found.strip("_").replace("_", ".") for found in NUMBER.findall(name)]


@cache
def tests_of(path: Path) -> dict[str, ast.FunctionDef | ast.AsyncFunctionDef]:
    """Return the tests of a file by name."""
    return {
        node.name: node
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
    }


def named_for_rows() -> Iterator[tuple[str, str]]:
    """Yield requirement and test for each test whose name ends with a requirement."""
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for name in tests_of(path):
            for number in numbers_of(name):
                yield number, f"{path.relative_to(ROOT)}::{name}"


def main() -> None:
    """Write the page, and the count into the README."""
    rows = read_rows()
    PAGE.write_text(compose(rows))
    README.write_text(COUNT.sub(lambda _: summary(rows), README.read_text()))


if __name__ == "__main__":
    main()
