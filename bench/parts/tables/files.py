"""The real towns, 277,676 rows, into a new table and out again, everything included."""

import statistics
import time
from pathlib import Path
from typing import Final

from bench.parts.report import Report
from bench.parts.tables import raw
from bench.parts.tables.data import write_towns
from bench.parts.tables.office import Office, office

ROUNDS: Final = 3
IMPORT: Final = 3.0
"""Times the fastest raw way at most."""
EXPORT: Final = 1.5
FOUND_WITHIN: Final = 10.0
"""Seconds until a search finds what was imported."""


def measure(report: Report, folder: Path, name: str, database: str, plain: str) -> None:
    """Import and export, ours and raw in turn. `plain` is what psycopg connects to."""
    folder.mkdir(parents=True)
    towns = write_towns(folder / "towns.csv")
    seconds: dict[str, list[float]] = {"import": [], "export": []}
    limits: dict[str, list[float]] = {"import": [], "export": []}
    late: list[float] = []
    with office(folder, database=database) as ours:
        for place in range(ROUNDS):
            begun = time.perf_counter()
            table = ours.import_file(towns, f"町{place}")
            seconds["import"].append(time.perf_counter() - begun)
            begun = time.perf_counter()
            ours.wait_for_all()
            _must_find(ours, table)
            late.append(time.perf_counter() - begun)
            seconds["export"].append(_export(ours, table))
            into, out = _raw(folder, towns, place, plain)
            limits["import"].append(into)
            limits["export"].append(out)
    for way, goal in (("import", IMPORT), ("export", EXPORT)):
        ratios = [
            goal * limit / mine for limit, mine in zip(limits[way], seconds[way], strict=True)
        ]
        report.note(
            f"{way}-{name}: {statistics.median(seconds[way]):.1f} s against"
            f" {statistics.median(limits[way]):.1f} s; at most {goal} times"
        )
        report.figure(f"{way}-{name}", statistics.median(ratios), 1.0)
    report.figure(f"found-{name}", FOUND_WITHIN / max(0.001, statistics.median(late)), 1.0)


def _must_find(ours: Office, table: int) -> None:
    found = ours.call(f"/tables/{table}/records/search", search="霞が関")
    if found["total"] != 3:
        raise SystemExit(f"the search finds {found['total']} of 3")


def _export(ours: Office, table: int) -> float:
    begun, size = time.perf_counter(), 0
    with (
        ours.client() as client,
        client.stream("POST", f"/api/v1/tables/{table}/export", json={}) as answer,
    ):
        for chunk in answer.iter_bytes():
            size += len(chunk)
    if size < 10_000_000:
        raise SystemExit(f"the export has {size} bytes only")
    return time.perf_counter() - begun


def _raw(folder: Path, towns: Path, place: int, plain: str) -> tuple[float, float]:
    target = folder / f"raw{place}.csv"
    if plain:
        with_table = raw.into_postgresql(towns, plain), raw.out_of_postgresql(target, plain)
        raw.forget(plain)
        return with_table
    sqlite = folder / f"raw{place}.sqlite"
    return raw.by_duckdb("import", towns, sqlite), raw.by_duckdb("export", target, sqlite)
