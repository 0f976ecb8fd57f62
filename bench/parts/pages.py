"""A signed-in HTML page and a JSON read, requests a second, against a bare litestar handler."""

import re
import statistics
from pathlib import Path
from typing import Final

import httpx

from app.audit.event import Source
from app.core import clock
from app.core.settings import Settings, load_settings
from app.identity import session_rows
from app.identity.operations import accounts
from app.identity.policies import DEFAULT
from app.operations.context import SYSTEM, Appliance, Context
from app.services.tables import bulk_writing, catalogue, search_marks
from app.services.tables.models import TableState
from app.services.tables.writing import text_of_row
from app.start.prepare import prepare
from bench.parts.bare import PATH, TOKEN
from bench.parts.changes import COLUMNS
from bench.parts.report import Report
from bench.parts.serving import Load, running
from tests.ports import free_port
from tests.running import environment_for

RECORDS: Final = 3_000
ROUNDS: Final = 9
FIGURES: Final = (
    ("page", PATH, 0.35),
    ("json", "/api/v1/tables/1/records/search", 0.5),
)


def measure(report: Report, folder: Path) -> None:
    """Let wrk ask both servers for the same page and the same records, in turn."""
    environ = environment_for(folder)
    settings = load_settings(environ)
    token = fill(settings)
    bare_port = free_port()
    ours = ["app.web.serve", "workspace"]
    bare = ["bench.parts.bare", str(bare_port)]
    with (
        running(ours, environ, settings.workspace_port),
        running(bare, {**environ, TOKEN: token}, bare_port),
    ):
        for name, path, goal in FIGURES:
            load = Load(folder / f"{name}.lua", path, token)
            _require_same(load, settings.workspace_port, bare_port)
            speeds = [
                (load.speed(settings.workspace_port), load.speed(bare_port)) for _ in range(ROUNDS)
            ]
            ratios = [mine / theirs for mine, theirs in speeds[1:]]
            report.note(
                f"{name}: {statistics.median(mine for mine, _ in speeds):.0f} of"
                f" {statistics.median(theirs for _, theirs in speeds):.0f} requests a second; "
                + ", ".join(f"{ratio:.2f}" for ratio in ratios)
            )
            report.figure(name, statistics.median(ratios), goal)


def fill(settings: Settings) -> str:
    """Make a table and a person who is signed in; return the session's token."""
    appliance = prepare(settings, lambda _: None).appliance
    context = Context(appliance, actor=SYSTEM)
    person = accounts.NewAccount(login_id="hanako", name="山田 花子", role="staff")
    account = accounts.create_account(context, person).account.id
    _fill_table(appliance, context)
    with appliance.database.write() as session:
        token, _ = session_rows.begin(
            session,
            DEFAULT,
            plane="workspace",
            account=account,
            source=Source(peer="127.0.0.1"),
            factors="password",
            now=clock.now(),
        )
    appliance.database.close()
    return token.reveal()


def _fill_table(appliance: Appliance, context: Context) -> None:
    with appliance.database.write() as session:
        table = catalogue.make_table(
            session, name="注文", columns=COLUMNS, account="system", state=TableState.READY
        )
        rows = [
            (number, f"檜の箱 {number}号", "東京海運 <株>", number % 90, number * 10, "2026-11-21")
            for number in range(RECORDS)
        ]
        values = [(*row[1:], row[0] % 2) for row in rows]
        bulk_writing._insert(
            session.connection(),
            table,
            [
                (
                    number,
                    1,
                    0,
                    "system",
                    0,
                    "system",
                    0,
                    text_of_row(table.fields, row),
                    *row,
                )
                for number, row in enumerate(values, 1)
            ],
        )
        search_marks.between_changed(session, table, 1, RECORDS)
    assert context.actor.local


def _require_same(load: Load, ours: int, bare: int) -> None:
    """Stop where the two do not answer with the same bytes, but for the session's clock."""
    bodies = []
    with httpx.Client(verify=False, trust_env=False) as client:
        for port in (ours, bare):
            answer = client.request(
                load.method,
                f"https://127.0.0.1:{port}{load.path}",
                headers=load.sent_to(port),
                content=load.body or None,
            )
            answer.raise_for_status()
            bodies.append(re.sub(rb'(idle|warn)[a-z-]*="[0-9]+"', b"", answer.content))
    if bodies[0] != bodies[1]:
        for each in range(2):
            load.script.with_suffix(f".{each}").write_bytes(bodies[each])
        raise SystemExit(f"the two answers differ: diff {load.script.with_suffix('.0')} and .1")
