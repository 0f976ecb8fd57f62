"""What rights, audit and history cost: 100,000 rows of 15 columns, and a bare litestar beside."""

import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import httpx

from bench.parts.report import Report
from bench.parts.serving import Load, running
from bench.parts.tables.bare import WIDTH
from bench.parts.tables.data import write_orders
from bench.parts.tables.office import Office, office
from tests.ports import free_port
from tests.running import environment_for

ROWS: Final = 100_000
ROUNDS: Final = 3
PAGES: Final = 9
GOALS: Final = {"import": 10.0, "page": 5.0, "export": 3.0}
"""Times the bare server at most."""


def measure(report: Report, folder: Path) -> None:
    """Import, read a filtered and sorted page, export; ours and bare in turn. On SQLite."""
    folder.mkdir(parents=True)
    orders = write_orders(folder / "orders.csv", ROWS, WIDTH)
    port = free_port()
    bare = httpx.Client(
        base_url=f"https://127.0.0.1:{port}", verify=False, trust_env=False, timeout=600
    )
    with office(folder) as ours, bare:
        environ = {**environment_for(folder), "TENSHU_DATA": str(ours.settings.data)}
        with running(["bench.parts.tables.bare", str(port)], environ, port):
            ratios: dict[str, list[float]] = {"import": [], "export": [], "page": []}
            for place in range(ROUNDS):
                mine, table = _timed(lambda place=place: ours.import_file(orders, f"注文{place}"))
                theirs, _ = _timed(lambda: _sent(bare, orders))
                report.note(f"import-15: {mine:.1f} s against {theirs:.1f} s")
                ratios["import"].append(mine / theirs)
                mine, size = _timed(lambda table=table: _exported(ours, table))
                theirs, bare_size = _timed(lambda: _fetched(bare))
                if not 0.8 < size / bare_size < 1.3:
                    raise SystemExit(f"the exports have {size} and {bare_size} bytes")
                report.note(f"export-15: {mine:.1f} s against {theirs:.1f} s")
                ratios["export"].append(mine / theirs)
            ratios["page"] = _pages(report, ours, table, folder, port)
    for figure, found in ratios.items():
        goal = GOALS[figure]
        report.figure(f"{figure}-15", goal / statistics.median(found), 1.0)


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    begun = time.perf_counter()
    found = work()
    return time.perf_counter() - begun, found


def _sent(bare: httpx.Client, orders: Path) -> None:
    bare.post("/import", content=orders.read_bytes()).raise_for_status()


def _fetched(bare: httpx.Client) -> int:
    return len(bare.get("/export").raise_for_status().content)


def _exported(ours: Office, table: int) -> int:
    with ours.client() as client:
        answer = client.post(f"/api/v1/tables/{table}/export", json={})
        answer.raise_for_status()
        return len(answer.content)


def _pages(report: Report, ours: Office, table: int, folder: Path, port: int) -> list[float]:
    """Return how many times longer our page takes, over a saved view whose index is there."""
    found = ours.call(f"/tables/{table}/records/search", limit=1)
    fields = [one["id"] for one in found["table"]["fields"]]
    definition = {
        "where": {"filters": [{"field": fields[2], "test": "equals", "value": "京都府"}]},
        "sorts": [{"field": fields[7]}],
    }
    made = ours.call(f"/tables/{table}/views", name="京都", definition=definition)
    view = made["id"]
    ours.wait_for_all()
    load = Load(folder / "page.lua", f"/api/v1/tables/{table}/records/search", ours.tokens[0])
    load.body = f'{{"view": {view}}}'
    mine = ours.call(f"/tables/{table}/records/search", view=view)["records"]
    bare = httpx.post(f"https://127.0.0.1:{port}{load.path}", verify=False, trust_env=False)
    if [one["id"] for one in mine] != [row[0] for row in bare.json()["records"]]:
        raise SystemExit("the two pages hold other records")
    speeds = [(load.speed(ours.settings.workspace_port), load.speed(port)) for _ in range(PAGES)]
    report.note("page-15: {:.0f} of {:.0f} requests a second".format(*speeds[-1]))
    return [theirs / mine for mine, theirs in speeds[1:]]
