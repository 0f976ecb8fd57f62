"""sqlmap on every parameter that reaches SQL (V3)."""

import json
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.operations.context import Plane
from tests.scans.people import Inhabited
from tests.scans.planted import serve, vulnerable
from tests.scans.scanner import program, run, told

REQUESTS = {1: 40, 5: 200}
"""Least requests for one parameter, by level: fewer means that it gave up."""
TECHNIQUES = ("B", "EQ", "ST", "U")
"""The parts of the highest level: blind by truth, by errors and inline, by time, by UNION."""


@dataclass(frozen=True)
class Target:
    """Where sqlmap shall try; a star marks each place."""

    plane: Plane
    path: str
    body: str = ""
    words: bool = True
    """Any text makes sense there: what is tried and not too long must come through to SQL."""

    @property
    def places(self) -> int:
        return (self.path + self.body).count("*")


def body(**values: object) -> str:
    return json.dumps({"limit": 5, **values})


RECORDS = "/api/v1/tables/{table}/records/search"
SEARCHES = {
    "records-search": Target(Plane.WORKSPACE, RECORDS, body(search="a*")),
    "history-text": Target(Plane.CONSOLE, "/api/v1/events?text=a*"),
    "accounts-search": Target(Plane.CONSOLE, "/api/v1/accounts?search=a*"),
}
OTHERS = {
    "records-filter": Target(
        Plane.WORKSPACE, RECORDS,
        body(where={"filters": [{"field": 1, "test": "contains", "value": "a*"}]}),
    ),
    "records-mark": Target(Plane.WORKSPACE, RECORDS, body(after="W10*"), words=False),
    "records-order": Target(
        Plane.WORKSPACE, RECORDS, body(sorts=[{"field": "1*"}]), words=False
    ),
    "history-filters": Target(Plane.CONSOLE, "/api/v1/events?actor=a*&verb=accounts.create*"),
    "history-mark": Target(Plane.CONSOLE, "/api/v1/events?after=0*", words=False),
    "accounts-mark": Target(Plane.CONSOLE, "/api/v1/accounts?after=a*", words=False),
    "page-of-records": Target(Plane.WORKSPACE, "/tables/{table}?q=a*"),
    "page-of-history": Target(Plane.CONSOLE, "/history?text=a*"),
}  # fmt: skip


def sqlmap(
    address: str, folder: Path, level: int, *options: str
) -> tuple[subprocess.CompletedProcess[str], list[int]]:
    """Return what it said, and the status of each answer that it got."""
    traffic = folder / "traffic.txt"
    done = run(
        [
            program("sqlmap"),
            *("-u", address, "--batch", "--flush-session", "--skip-waf", "--disable-coloring"),
            *("--level", str(level), "--risk", "3" if level > 1 else "1", "--retries", "1"),
            *("--output-dir", str(folder / "out"), "-t", str(traffic)),
            *options,
        ],
        folder,
        seconds=550,
    )
    assert traffic.exists(), told(done)
    answers = re.findall(r"^HTTP response \[#\d+\] \((\d+)", traffic.read_text(), re.MULTILINE)
    return done, [int(each) for each in answers]


def attack(
    inhabited: Inhabited, target: Target, level: int, folder: Path, techniques: str = "BEUSTQ"
) -> None:
    copy = inhabited.copy
    base = copy.console if target.plane is Plane.CONSOLE else copy.workspace
    who = (
        ("-H", f"Authorization: Bearer {inhabited.tokens[target.plane]}")
        if target.path.startswith("/api/")
        else ("--cookie", inhabited.sign_in(target.plane))
    )
    data = ("-H", "Content-Type: application/json", "--data", target.body) if target.body else ()
    address = base + target.path.replace("{table}", str(inhabited.table))
    done, answers = sqlmap(address, folder, level, *who, *data, "--technique", techniques)
    assert done.returncode == 0, told(done)
    assert "all tested parameters do not appear to be injectable" in done.stdout, told(done)
    assert done.stdout.count("does not seem to be injectable") == target.places, told(done)
    assert len(answers) >= REQUESTS[level] * target.places, told(done)
    assert not [status for status in answers if status >= 500], told(done)
    assert 401 not in answers, "it was somebody to the end"
    if target.words:
        # the highest level tries much that is longer than a search may be
        part = 2 if level == 1 else 10
        assert answers.count(200) >= len(answers) / part, "what it tried did not come through"


@pytest.mark.parametrize("name", SEARCHES | OTHERS)
def test_sqlmap_finds_no_way_into_SQL_V3(inhabited: Inhabited, name: str, tmp_path):
    attack(inhabited, (SEARCHES | OTHERS)[name], 1, tmp_path)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("techniques", TECHNIQUES)
@pytest.mark.parametrize("name", SEARCHES)
def test_sqlmap_at_its_highest_level_finds_no_way_into_SQL_V3(
    inhabited: Inhabited, name: str, techniques: str, tmp_path
):
    attack(inhabited, SEARCHES[name], 5, tmp_path, techniques)


@pytest.mark.parametrize("level", [1, pytest.param(5, marks=pytest.mark.slow)])
@pytest.mark.timeout(600)
def test_sqlmap_finds_a_planted_way_into_SQL(level: int, tmp_path):
    with serve(vulnerable) as address:
        done, _ = sqlmap(f"{address}/shop?id=1", tmp_path, level, "-p", "id")
    assert "the following injection point(s)" in done.stdout, told(done)
    assert "back-end DBMS: SQLite" in done.stdout
