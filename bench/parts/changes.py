"""Audited changes a second, durable, against the same rows by plain sqlite3."""

import sqlite3
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from app.core import data_folder
from app.core.database import Database
from app.core.identifiers import new_identifier
from app.core.keyring import KeyRing
from app.core.settings import load_settings
from app.identity.operations import accounts
from app.migrations.migrate import migrate
from app.operations.context import SYSTEM, Appliance, Context
from bench.parts.report import Report

CHANGES = 1500
ROUNDS = 5
GOAL = 0.5


def measure(report: Report, folder: Path) -> None:
    """Rename an account through its operation, and do the same rows by hand, in turn."""
    settings = load_settings({"TENSHU_DATA": str(folder / "data")})
    data_folder.make_folders(settings)
    database = Database(settings.database_url)
    migrate(database)
    context = Context(Appliance(settings, database, KeyRing.create(settings.keys)), actor=SYSTEM)
    made = accounts.create_account(context, accounts.NewAccount(login_id="hanako", name="花子"))
    account, rev = made.account.id, made.account.rev

    def ours() -> None:
        nonlocal rev
        change = accounts.AccountChange(account=account, rev=rev, name=f"花子 {rev}")
        rev = accounts.update_account(context, change).rev

    raw = _by_hand(folder / "raw.sqlite", settings.data / "tenshu.sqlite")
    ratios = [_speed(ours) / _speed(raw) for _ in range(ROUNDS)]
    report.note("changes: " + ", ".join(f"{ratio:.2f}" for ratio in ratios))
    report.figure("changes", statistics.median(ratios), GOAL)
    database.close()


def _by_hand(path: Path, like: Path) -> Callable[[], None]:
    """Return a function that writes the rows of one audited change, durably."""
    with sqlite3.connect(like) as source:
        tables = ("identity_account", "audit_outbox")
        schemas = [
            source.execute("SELECT sql FROM sqlite_master WHERE name = ?", (name,)).fetchone()[0]
            for name in tables
        ]
        person = source.execute("SELECT * FROM identity_account").fetchone()
        event = source.execute("SELECT content, parts FROM audit_outbox").fetchone()
    source.close()
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    for schema in schemas:
        connection.execute(schema)
    marks = ",".join("?" * len(person))
    connection.execute(f"INSERT INTO identity_account VALUES ({marks})", person)
    identifier = person[0]

    def change() -> None:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("SELECT * FROM identity_account WHERE id = ?", (identifier,)).fetchone()
        connection.execute(
            "UPDATE identity_account SET name = ?, rev = rev + 1, changed_at = ? WHERE id = ?",
            ("花子", time.time_ns(), identifier),
        )
        connection.execute("SELECT * FROM identity_account WHERE id = ?", (identifier,)).fetchone()
        connection.execute("INSERT INTO audit_outbox VALUES (?, ?, ?)", (new_identifier(), *event))
        connection.execute("COMMIT")

    return change


def _speed(work: Callable[[], None]) -> float:
    begun = time.perf_counter()
    for _ in range(CHANGES):
        work()
    return CHANGES / (time.perf_counter() - begun)
