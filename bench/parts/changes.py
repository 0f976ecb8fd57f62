"""Audited changes a second, durable, against the same rows by plain sqlite3.

The change that people make thousands of times: a record of six fields made, then corrected.
"""

import gc
import sqlite3
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from app.core import data_folder
from app.core.database import Database
from app.core.identifiers import new_identifier
from app.core.keyring import KeyRing
from app.core.settings import load_settings
from app.migrations.migrate import migrate
from app.operations.context import SYSTEM, Appliance, Context
from app.services.tables import catalogue
from app.services.tables.fields import FieldInfo
from app.services.tables.models import FieldKind, TableState
from app.services.tables.operations import records
from app.services.tables.physical import TableInfo
from app.services.tables.types.base import Value
from bench.parts.report import Report

CHANGES: Final = 1000
"""Records a round, each made and then corrected."""
ROUNDS: Final = 5
GOAL: Final = 0.5

COLUMNS: Final = [
    FieldInfo(id=0, name="品名", kind=FieldKind.TEXT),
    FieldInfo(id=0, name="顧客", kind=FieldKind.TEXT),
    FieldInfo(id=0, name="数量", kind=FieldKind.INTEGER),
    FieldInfo(id=0, name="単価", kind=FieldKind.DECIMAL, scale=2),
    FieldInfo(id=0, name="納期", kind=FieldKind.DATE),
    FieldInfo(id=0, name="出荷済み", kind=FieldKind.CHECKBOX),
]
WRITTEN: Final = {
    "INSERT": ("u1", "tables_change", "audit_outbox"),
    "UPDATE": ("u1", "tables_change", "tables_history", "audit_outbox"),
}


def measure(report: Report, folder: Path) -> None:
    """Make and correct records through their operations, and do the same rows by hand, in turn.

    Change by change: a disk answers sooner when it was asked a moment ago, so that in loops of
    their own the two would meet different disks.
    """
    settings = load_settings({"TENSHU_DATA": str(folder / "data")})
    data_folder.make_folders(settings)
    database = Database(settings.database_url)
    migrate(database)
    appliance = Appliance(settings, database, KeyRing.create(settings.keys))
    table = _make_table(database)
    ours = _by_operations(Context(appliance, actor=SYSTEM), table)
    ours()
    raw = _by_hand(folder / "raw.sqlite", settings.data / "tenshu.sqlite")
    raw()
    gc.freeze()  # as a plane does once it has loaded (app.web.process)
    ratios = [_speed(ours, raw) for _ in range(ROUNDS)]
    report.note("changes: " + ", ".join(f"{ratio:.2f}" for ratio in ratios))
    report.figure("changes", statistics.median(ratios), GOAL)
    database.close()


def _make_table(database: Database) -> TableInfo:
    with database.write() as session:
        return catalogue.make_table(
            session, name="注文", columns=COLUMNS, account="system", state=TableState.READY
        )


def _by_operations(context: Context, table: TableInfo) -> Callable[[], None]:
    numbers = [field.id for field in table.fields]
    first: list[Value] = ["檜の箱", "東京海運 株式会社", 12, "1980.50", "2026-11-21", False]
    request = records.CreateRecord(table=table.id, values=dict(zip(numbers, first, strict=True)))
    corrected: dict[int, Value] = {numbers[2]: 13, numbers[5]: True}

    def change() -> None:
        made = records.create_record(context, request)
        records.update_record(
            context,
            records.UpdateRecord(table=table.id, record=made.id, rev=made.rev, values=corrected),
        )

    return change


def _by_hand(path: Path, like: Path) -> Callable[[], None]:
    """Return a function that writes the rows of the same two changes, durably."""
    source = sqlite3.connect(like)
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    inserts: dict[str, tuple[str, Sequence[Any]]] = {}
    for name in WRITTEN["UPDATE"]:
        for (schema,) in source.execute(
            "SELECT sql FROM sqlite_schema WHERE tbl_name = ? AND sql NOT NULL ORDER BY rowid",
            (name,),
        ):
            connection.execute(schema)
        row = source.execute(f"SELECT * FROM {name} ORDER BY rowid DESC LIMIT 1").fetchone()
        inserts[name] = f"INSERT INTO {name} VALUES ({','.join('?' * len(row))})", row
    source.close()

    def insert(name: str, *key: object) -> int:
        statement, row = inserts[name]
        return int(connection.execute(statement, (*key, *row[len(key) :])).lastrowid or 0)

    def change() -> None:
        connection.execute("BEGIN IMMEDIATE")
        number = insert("u1", None)
        insert("tables_change", new_identifier())
        insert("audit_outbox", new_identifier())
        connection.execute("COMMIT")
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(
            "UPDATE u1 SET rev = 2, s = ?, updated_at = ?, c3 = 13, c6 = 1 WHERE id = ?",
            (inserts["u1"][1][7], time.time_ns() // 1_000_000, number),
        )
        changed = new_identifier()
        insert("tables_change", changed)
        insert("tables_history", None, changed)
        insert("audit_outbox", new_identifier())
        connection.execute("COMMIT")

    return change


def _speed(work: Callable[[], None], limit: Callable[[], None]) -> float:
    """Return how fast `work` is, as a part of `limit`."""
    seconds = dict.fromkeys((work, limit), 0.0)
    for _ in range(CHANGES):
        for each in seconds:
            begun = time.perf_counter()
            each()
            seconds[each] += time.perf_counter() - begun
    return seconds[limit] / seconds[work]
