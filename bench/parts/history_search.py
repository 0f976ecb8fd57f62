"""Searching a long history against plain DuckDB over the same segments.

The plain query reads the same files, all at once, and gives the same number of places; ours also
finds out which files there are, opens a shut-in connection, and shows the events out of the store.
"""

import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import duckdb

from app.audit.filters import EventFilter
from app.audit.parquet import THREADS
from app.audit.sealer import Sealer
from app.audit.search import PAGE, search
from app.audit.segment_search import condition
from app.audit.segment_writer import make_due
from app.audit.segmenting import Segmenter
from app.audit.segments import FOLDER
from app.audit.signing import load_or_make_signer
from app.core.database import Database
from bench.parts.report import Report
from bench.parts.verification import sealed_history

ROUNDS: Final = 5
STATED: Final = 10_000_000
"""Events at which the seconds below hold."""
GOAL: Final = 1 / 1.3
NAMED: Final = {
    "person": (EventFilter(actor="person77"), 1.0),
    "verb": (EventFilter(verb="records.update", outcome=None), 1.0),
    "target": (EventFilter(target_kind="record", target="77"), 1.0),
    "time": (EventFilter(since=1_763_690_100_000, until=1_763_690_100_500), 1.0),
    "absent": (EventFilter(actor="nobody"), 1.0),
    "text": (EventFilter(text="state 4242"), 5.0),
    "absent-text": (EventFilter(text="nothing of the kind"), 5.0),
}
"""What is searched, and the seconds that it may take."""


def measure(report: Report, folder: Path, events: int) -> None:
    """Seal `events` events, make their segments, and search them in both ways, in turn."""
    database, store = sealed_history(folder, events)
    _make_segments(database, folder, store)
    files = sorted((store / FOLDER).glob("*.parquet"))
    report.note(f"{len(files)} segments, {sum(each.stat().st_size for each in files):,} bytes")
    for name, (wanted, seconds) in NAMED.items():
        ours, plain = _in_turn(
            lambda wanted=wanted: search(database, store, wanted),
            lambda wanted=wanted: _plain(files, wanted),
        )
        report.note(f"{name}: {ours:.3f} s, plain {plain:.3f} s")
        report.figure(f"search-{name}", plain / ours, GOAL)
        if events >= STATED:
            report.figure(f"search-{name}-seconds", seconds / ours, 1.0)
    database.close()


def _in_turn(ours: Callable[[], object], plain: Callable[[], object]) -> tuple[float, float]:
    """Return the medians in seconds."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(ROUNDS):
        for spent, work in zip(times, (ours, plain), strict=True):
            begun = time.perf_counter()
            work()
            spent.append(time.perf_counter() - begun)
    return statistics.median(times[0]), statistics.median(times[1])


def _plain(files: list[Path], wanted: EventFilter) -> list[tuple[int]]:
    fits, values = condition(wanted)
    with duckdb.connect(":memory:", config={"threads": THREADS}) as connection:
        return connection.execute(
            f"SELECT place FROM read_parquet($files) WHERE {fits} ORDER BY place DESC LIMIT $limit",
            {**values, "files": [str(each) for each in files], "limit": PAGE + 1},
        ).fetchall()


def _make_segments(database: Database, folder: Path, store: Path) -> None:
    signer = load_or_make_signer(folder / "audit-signing.key")
    sealer = Sealer(database, folder / "data", store, signer, machine="bench")
    segmenter = Segmenter(store, sealer.tell_segment)
    while (made := make_due(store)) is not None:
        segmenter._name(made)
    segmenter.close()
    sealer.close()
    assert list((store / FOLDER).iterdir()), "too few events"
