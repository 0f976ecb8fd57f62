"""A large table of thirty columns, read by an office."""

import asyncio
import random
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import httpx
from sqlalchemy import text

from app.core.database import Database
from app.services.tables.places import marks_of
from app.services.tables.selection import Selection, Sort
from bench.parts.report import Report
from bench.parts.tables.data import write_orders
from bench.parts.tables.office import Office, office

WIDTH: Final = 30
PEOPLE: Final = 50
"""Who work at once, each with ten seconds of thinking between two clicks."""
SIGNED_IN, ACTIVE = 500, 100
"""METI-24."""
THINKING: Final = 10.0
SECONDS: Final = 60
WITHIN: Final = 0.5
"""Seconds: the 95th percentile of the first page at most."""
ASKED: Final = 5
SEARCH_WITHIN: Final = 0.050
MOST_MEMORY: Final = 400
"""Megabytes of the workspace's processes."""
LIVE: Final = "deleted_at = 0"


def measure(report: Report, folder: Path, name: str, database: str, rows: int) -> None:
    """Fill a table, let people work on it, and ask it what no index foresees."""
    folder.mkdir(parents=True)
    orders = write_orders(folder / "orders.csv", rows, WIDTH)
    with office(folder, people=SIGNED_IN, database=database) as ours:
        begun = time.perf_counter()
        table = ours.import_file(orders, "注文")
        orders.unlink()
        ours.wait_for_all()
        report.note(f"filled-{name}: {rows} rows in {time.perf_counter() - begun:.0f} s")
        fields = _fields(ours, table)
        views = [
            _view(ours, table, "納期順", {"sorts": [{"field": fields["納期1"]}]}),
            _view(
                ours,
                table,
                "高い順",
                {"sorts": [{"field": fields["金額1"], "descending": True}]},
            ),
        ]
        ours.wait_for_all()
        for people, figure in ((PEOPLE, "first-page"), (ACTIVE, "active-100")):
            taken = asyncio.run(_work(ours, table, views, people))
            slowest = statistics.quantiles(taken, n=20)[-1]
            report.note(f"{figure}-{name}: 95 % of {len(taken)} pages within {slowest:.3f} s")
            report.figure(f"{figure}-{name}", WITHIN / slowest, 1.0)
        _jump(report, ours, name, table, fields["納期1"], rows)
        _unforeseen(report, ours, name, table, fields)
        _search(report, ours, name, table)
        memory = _memory(ours.server)
        report.note(f"memory-{name}: {memory:.0f} MB")
        report.figure(f"memory-{name}", MOST_MEMORY / memory, 1.0)


def _fields(ours: Office, table: int) -> dict[str, int]:
    found = ours.call(f"/tables/{table}/records/search", limit=1)
    return {one["name"]: one["id"] for one in found["table"]["fields"]}


def _view(ours: Office, table: int, name: str, definition: dict[str, Any]) -> int:
    made = ours.call(f"/tables/{table}/views", name=name, shared="all", definition=definition)
    return int(made["id"])


async def _work(ours: Office, table: int, views: Sequence[int], people: int) -> list[float]:
    """Let people open views for a while; return the seconds that each page took."""
    taken: list[float] = []
    until = time.monotonic() + SECONDS

    async def person(number: int) -> None:
        chance = random.Random(number)
        async with httpx.AsyncClient(
            base_url=ours.address,
            headers=ours.headers(number),
            verify=False,
            trust_env=False,
            timeout=60,
        ) as client:
            await asyncio.sleep(chance.random() * THINKING)
            while time.monotonic() < until:
                begun = time.perf_counter()
                answer = await client.get(f"/tables/{table}", params={"view": chance.choice(views)})
                taken.append(time.perf_counter() - begun)
                answer.raise_for_status()
                await asyncio.sleep(THINKING * (0.5 + chance.random()))

    await asyncio.gather(*(person(number) for number in range(people)))
    return taken


def _jump(report: Report, ours: Office, name: str, table: int, field: int, rows: int) -> None:
    """Compare a page far down a saved view's order with the first one."""
    sorts = [{"field": field}]
    ordered = f"SELECT id FROM u{table} WHERE {LIVE} ORDER BY c{field}, id"
    at = text(f"{ordered} LIMIT 1 OFFSET {rows * 9 // 10}")
    database = Database(ours.settings.database_url)
    with database.read() as session:
        (number,) = session.connection().execute(at).scalars()
    database.close()
    (mark,) = marks_of(Selection(sorts=(Sort(field=field),)), [number])

    def page(after: str) -> object:
        body = {"sorts": sorts, "after": after, "count": "none"}
        return ours.call(f"/tables/{table}/records/search", **body)

    far, first = _in_turn(lambda: page(mark), lambda: page(""))
    report.note(f"jump-{name}: {far * 1000:.0f} ms, the first page {first * 1000:.0f} ms")
    report.figure(f"jump-{name}", 3 * first / far, 1.0)


def _unforeseen(
    report: Report, ours: Office, name: str, table: int, fields: dict[str, int]
) -> None:
    """Compare an unindexed filter and an unindexed order with their SQL alone."""
    city, weight = fields["都道府県2"], fields["重さ2"]
    filled = f"{LIVE} AND c{weight} IS NOT NULL"
    asked: dict[str, tuple[dict[str, Any], list[str]]] = {
        "filter": (
            {"where": {"filters": [{"field": city, "test": "equals", "value": "京都府"}]}},
            [
                f"SELECT * FROM u{table} WHERE {LIVE} AND c{city} = '京都府' ORDER BY id LIMIT 51",
                f"SELECT count(*) FROM u{table} WHERE {LIVE} AND c{city} = '京都府'",
            ],
        ),
        "sort": (
            {"sorts": [{"field": weight}]},
            [
                f"SELECT * FROM u{table} WHERE {filled} ORDER BY c{weight}, id LIMIT 51",
            ],
        ),
    }
    database = Database(ours.settings.database_url)

    def raw(statements: Sequence[str]) -> None:
        with database.read() as session:
            for one in statements:
                session.connection().execute(text(one)).fetchall()

    for figure, (body, statements) in asked.items():
        mine, limit = _in_turn(
            lambda body=body: ours.call(f"/tables/{table}/records/search", **body),
            lambda statements=statements: raw(statements),
        )
        report.note(f"{figure}-{name}: {mine * 1000:.0f} ms against {limit * 1000:.0f} ms of SQL")
        report.figure(f"{figure}-{name}", 2 * limit / mine, 1.0)
    database.close()


def _search(report: Report, ours: Office, name: str, table: int) -> None:
    for figure, needle in (("search-2", "の椀"), ("search-7", "漆の椀 123")):
        seconds = []
        for _ in range(ASKED):
            begun = time.perf_counter()
            found = ours.call(f"/tables/{table}/records/search", search=needle)
            seconds.append(time.perf_counter() - begun)
        report.note(f"{figure}-{name}: {found['total']} in {min(seconds) * 1000:.0f} ms")
        report.figure(f"{figure}-{name}", SEARCH_WITHIN / statistics.median(seconds), 1.0)


def _in_turn(mine: Callable[[], object], limit: Callable[[], object]) -> tuple[float, float]:
    """Return the median seconds of both, asked in turn."""
    seconds: tuple[list[float], list[float]] = ([], [])
    for _ in range(ASKED):
        for place, work in enumerate((mine, limit)):
            begun = time.perf_counter()
            work()
            seconds[place].append(time.perf_counter() - begun)
    return statistics.median(seconds[0]), statistics.median(seconds[1])


def _memory(process: int) -> float:
    """Return the megabytes that a process and its children hold, what they share counted once."""
    folder = Path(f"/proc/{process}")
    own = int((folder / "smaps_rollup").read_text().split("Pss:")[1].split()[0]) / 1024
    children = (folder / "task" / str(process) / "children").read_text().split()
    return own + sum(_memory(int(child)) for child in children)
