"""slowhttptest against the edge: 300 slow ones are cut within 30 s, and all others are served."""

import csv
import subprocess
from pathlib import Path
from typing import Final

import pytest

from tests.integration.edge import Edge
from tests.scans.conftest import DOCUMENT

MANY, LONGEST = 300, 30
"""Connections, and seconds after which none of them may be open (METI-20)."""
RATE = 200
"""New connections in a second: the last one begins two seconds after the first."""


ENDED: Final = "No open connections left"


def slowhttptest(edge: Edge, mode: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run it until no connection is left, or for twice as long as anybody has."""
    words = ["slowhttptest", mode, "-g", "-o", "seen", "-c", str(MANY), "-r", str(RATE)]
    # pieces of a few bytes, quicker than any pause that is allowed
    words += ["-i", "4", "-x", "8", "-s", "8192", "-l", str(2 * LONGEST), "-p", "5"]
    words += ["-u", f"{edge.base('console')}/sign-in"]
    return subprocess.run(
        words, cwd=folder, capture_output=True, text=True, check=False, timeout=4 * LONGEST
    )


def counted(folder: Path) -> list[dict[str, int]]:
    """Return what it counted in each second."""
    with (folder / "seen.csv").open(newline="") as file:
        return [{name: int(text) for name, text in row.items()} for row in csv.DictReader(file)]


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["-H", "-B"])
def test_slow_heads_and_bodies_are_cut_and_the_service_stays_METI_20(
    edge: Edge, tmp_path: Path, mode: str
) -> None:
    done = slowhttptest(edge, mode, tmp_path)
    assert ENDED in done.stdout, done.stdout + done.stderr
    seen = counted(tmp_path)
    opened = [each["Connected"] + each["Closed"] for each in seen]
    closed = [each["Closed"] for each in seen]
    assert max(opened) == MANY
    assert min(each["Service Available"] for each in seen), "meanwhile everybody else is served"
    # they are cut in the order in which they came; the last second has none left to count
    ends = [*closed, MANY]
    for number in range(1, MANY + 1):
        came = next(at for at, count in enumerate(opened) if count >= number)
        went = next(at for at, count in enumerate(ends) if count >= number)
        assert went - came < LONGEST


@pytest.mark.slow
def test_slowhttptest_finds_a_patience_that_is_planted(edge: Edge, tmp_path: Path) -> None:
    edge.plant("client_header_timeout 10s", "client_header_timeout 600s")
    try:
        done = slowhttptest(edge, "-H", tmp_path)
        assert ENDED not in done.stdout
        assert counted(tmp_path)[-1]["Connected"] > MANY * 0.9
    finally:
        edge.apply(DOCUMENT, certificates=edge.facts.certificates)
