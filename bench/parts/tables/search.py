"""Search in a million rows, by its index and by walking along the table, in the same run.

Real addresses, each several times.
"""

import csv
import io
import lzma
import statistics
import time
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path
from typing import Any, Final
from unittest import mock

from app.core import data_folder
from app.core.database import Database
from app.core.keyring import KeyRing
from app.core.settings import load_settings
from app.migrations.migrate import migrate
from app.operations.context import SYSTEM, Appliance, Context
from app.services.tables import catalogue, search_building, search_marks
from app.services.tables.bulk_writing import insert_many
from app.services.tables.fields import FieldInfo
from app.services.tables.folding import fold
from app.services.tables.models import FieldKind, TableState
from app.services.tables.operations.records import CreateRecord, create_record
from app.services.tables.physical import TableInfo, continue_numbers
from app.services.tables.query import Rows
from app.services.tables.reach import WHOLE_TABLE
from app.services.tables.selection import Selection
from app.services.tables.writing import text_of_row
from bench.parts.report import Report
from bench.parts.tables.data import TOWNS

IMPORTED: Final = 277_676
ROWS: Final = 1_000_000
AT_ONCE: Final = 2_000
WORDS: Final = ("霞が関", "東京", "京都", "市", "北海道", "中央区", "カスミ", "35.11", "無い言葉")
"""Rare and frequent ones, of one character and more."""
LONGEST: Final = 0.05
"""Seconds for two characters and more."""
AFTER_IMPORT: Final = 10.0
"""Seconds after which an import of all towns has its index."""
RECORDS: Final = 300


def measure(report: Report, folder: Path, url: str = "") -> None:
    """Fill a table, build its index, search it both ways, and write with and without notes."""
    settings = load_settings({"TENSHU_DATA": str(folder / "data")})
    data_folder.make_folders(settings)
    database = Database(url or settings.database_url)
    migrate(database)
    context = Context(Appliance(settings, database, KeyRing.create(settings.keys)), actor=SYSTEM)
    towns = list(csv.reader(io.StringIO(lzma.decompress(TOWNS.read_bytes()).decode())))
    columns = [FieldInfo(id=0, name=name, kind=FieldKind.TEXT) for name in towns.pop(0)]
    with database.write() as session:
        table = catalogue.make_table(
            session, name="住所", columns=columns, account="system", state=TableState.READY
        )
    filled = _fill(context, table, islice(cycle(towns), ROWS))
    built, busy = _build(context, table)
    report.note(f"{ROWS:,} rows written in {filled:.1f} s, their index built in {built:.1f} s")
    report.note(f"{busy:.1f} s of them our own processor time, the rest other people's")
    report.figure("search-after-import", AFTER_IMPORT / (busy * IMPORTED / ROWS), 1.0)
    for word in WORDS:
        _search(report, database, table, word)
    report.figure("search-write", _writing(context, table), 0.9)
    database.close()


def _fill(context: Context, table: TableInfo, towns: Iterator[list[str]]) -> float:
    begun, first = time.perf_counter(), 1
    while some := list(islice(towns, AT_ONCE)):
        rows = [(text_of_row(table.fields, one), *(cell or None for cell in one)) for one in some]
        with context.appliance.database.write() as session:
            insert_many(context.reading(session), table, first, rows)
        first += len(rows)
    with context.appliance.database.write() as session:
        continue_numbers(session, table)
    return time.perf_counter() - begun


def _build(context: Context, table: TableInfo) -> tuple[float, float]:
    """Return what it takes, and how long this process works for it."""
    begun, busy, database = time.perf_counter(), time.process_time(), context.appliance.database
    with database.read() as session:
        pending = search_building.pending(session, table)
    for number in pending:
        with database.read() as session:
            block = search_building.read_block(session, table, number)
        with database.write() as session:
            search_building.write_block(session, table, block)
    return time.perf_counter() - begun, time.process_time() - busy


def _search(report: Report, database: Database, table: TableInfo, word: str) -> None:
    """Print what a first page and the exact count take, by index and by walking."""
    by_index = [_timed(database, table, word, walking=False) for _ in range(5)]
    by_walking = [_timed(database, table, word, walking=True) for _ in range(2)]
    assert by_index[0][1] == by_walking[0][1], word
    ours, raw = (statistics.median(one[0] for one in times) for times in (by_index, by_walking))
    (_, (count, _)) = by_index[0]
    report.note(f"{word}: {count:,} rows, {ours * 1000:.1f} ms, walking {raw * 1000:.0f} ms")
    if len(word) > 1:
        report.figure(f"search-{word}", LONGEST / ours, 1.0)


def _timed(
    database: Database, table: TableInfo, word: str, *, walking: bool
) -> tuple[float, tuple[int, list[int]]]:
    chosen = Selection(search=word)
    begun = time.perf_counter()
    with database.read() as session:
        rows = Rows(session, table, WHOLE_TABLE)
        if walking:
            rows._searching.found[fold(word)] = None
        page = rows.page(chosen, after="", before="", limit=50)
        count = rows.count(chosen)
    return time.perf_counter() - begun, (count, [row.id for row in page.rows])


def _writing(context: Context, table: TableInfo) -> float:
    """Return how fast records are made, as a part of what it takes without notes."""
    values: Any = {field.id: "霞が関一丁目" for field in table.fields}
    request = CreateRecord(table=table.id, values=values)
    noting = search_marks.one_changed
    seconds: dict[Any, list[float]] = {noting: [], lambda *_: None: []}
    for _ in range(RECORDS):
        for each, taken in seconds.items():
            with mock.patch.object(search_marks, "one_changed", each):
                begun = time.perf_counter()
                create_record(context, request)
                taken.append(time.perf_counter() - begun)
    made, without = map(statistics.median, seconds.values())
    return without / made
