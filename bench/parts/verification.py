"""Verification of a sealed history against a loop that reads and hashes the same rows."""

import hashlib
import sqlite3
import statistics
import time
from pathlib import Path

from app.audit.event import Draft, Source, seal_draft
from app.audit.ledger import read_keys
from app.audit.sealer import Sealer
from app.audit.signing import load_or_make_signer
from app.audit.store import FILE_NAME
from app.audit.verdict import State
from app.audit.verify import verify
from app.core.database import Database
from app.migrations.migrate import migrate
from bench.parts.report import Report

ROUNDS = 3
GOAL = 0.7
AT_ONCE = 5_000


def measure(report: Report, folder: Path, events: int) -> None:
    """Seal `events` events, then verify them and read them plainly, in turn."""
    database, store = sealed_history(folder, events)
    database.close()
    keys = read_keys(store)
    ratios = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        verdict = verify(store, keys, processes=2, indexes=True)
        ours = time.perf_counter() - begun
        if verdict.state is not State.WHOLE:
            raise SystemExit(f"an honest history is found {verdict}")
        begun = time.perf_counter()
        plain_root(store / FILE_NAME)
        ratios.append((time.perf_counter() - begun) / ours)
    report.note(f"verification of {events:,} events: " + ", ".join(f"{one:.2f}" for one in ratios))
    report.figure("verification", statistics.median(ratios), GOAL)


def plain_root(path: Path) -> bytes:
    """Read every row and compute the tree's root (RFC 6962), and nothing else."""
    sha256 = hashlib.sha256
    stack: list[tuple[int, bytes]] = []
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as connection:
        for _ in connection.execute("SELECT position, name, salt, value FROM parts"):
            pass
        rows = connection.execute(
            "SELECT position, CAST(content AS BLOB), seal FROM events ORDER BY position"
        )
        for _, content, _ in rows:
            height, found = 0, sha256(b"\0" + content).digest()
            while stack and stack[-1][0] == height:
                found = sha256(b"\1" + stack.pop()[1] + found).digest()
                height += 1
            stack.append((height, found))
    connection.close()
    root = stack.pop()[1]
    while stack:
        root = sha256(b"\1" + stack.pop()[1] + root).digest()
    return root


def sealed_history(folder: Path, events: int) -> tuple[Database, Path]:
    """Return a database and the folder of a sealed history of `events` events."""
    data, store = folder / "data", folder / "data" / "audit"
    store.mkdir(parents=True)
    database = Database(f"sqlite:///{data / 'tenshu.sqlite'}")
    migrate(database)
    signer = load_or_make_signer(folder / "audit-signing.key")
    sealer = Sealer(database, data, store, signer, machine="bench")
    for begun in range(0, events, AT_ONCE):
        numbers = range(begun, min(begun + AT_ONCE, events))
        sealer._ledger.seal([seal_draft(_draft(number)) for number in numbers])
    sealer.close()
    return database, store


def _draft(number: int) -> Draft:
    return Draft(
        verb="records.update",
        at=1_763_690_000_000 + number,
        actor=f"person{number % 500}",
        actor_name="山田 花子",
        source=Source(peer="192.0.2.7", device="Mozilla/5.0 (X11; Linux x86_64) Firefox/145.0"),
        plane="workspace",
        target_kind="record",
        target=str(number % 10_000),
        target_name=f"注文 {number}",
        before={"state": "new"},
        after={"state": f"state {number}"},
    )
