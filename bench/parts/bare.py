"""The raw limit of pages: a bare litestar handler, plain sqlite3, the same template and TLS.

`python -m bench.parts.bare PORT`, with the settings of the copy whose data it reads.
"""

import asyncio
import hashlib
import os
import sqlite3
import sys
from typing import Any, Final
from unittest import mock

import httpx
import msgspec
from litestar import Litestar, Request, Response, get, post

import app.workspace.app
from app.core import lifeline
from app.core.settings import load_settings
from app.operations.context import Plane
from app.services.tables.counting import CAP
from app.services.tables.fields import FieldInfo
from app.services.tables.marks import mark_at
from app.services.tables.models import FieldKind, TableState
from app.services.tables.types.base import NOWHERE, Value
from app.services.tables.types.registry import show, words_of
from app.services.tables.views import FieldView, RecordPage, RecordView, TableView
from app.web import pages
from app.web.cookies import session_cookie_name
from app.web.design.assets import collect_assets
from app.web.design.environment import create_environment, render
from app.web.gate import AsgiApplication
from app.web.pages import SessionWarning, Viewer
from app.web.serve import server
from app.workspace.records_page import Run

COOKIE: Final = session_cookie_name(Plane.WORKSPACE)
PAGE: Final = 50
TEMPLATE: Final = "workspace/table.html"
PATH: Final = "/tables/1"
TOKEN: Final = "BENCH_TOKEN"
"""Variable with the session that both servers are asked with."""

SESSION: Final = """SELECT s.id, s.seen_at, s.idle_limit, s.expires_at, a.id, a.name, a.rights
    FROM identity_workspace_session s JOIN identity_account a ON a.id = s.account
    WHERE s.token_hash = ? AND s.plane = 'workspace' AND s.ended_at = 0 AND a.state = 'active'"""
DEFINITION: Final = """SELECT id, name, state, rev, created_at, created_by, source
    FROM tables_definition WHERE id = ? AND deleted_at = 0"""
DEFINITIONS: Final = """SELECT id, name, state, rev, created_at, created_by, source
    FROM tables_definition WHERE deleted_at = 0 ORDER BY name, id"""
FIELDS: Final = """SELECT id, name, kind, scale FROM tables_field
    WHERE table_id = ? AND deleted_at = 0 ORDER BY position, id"""
ROWS: Final = """SELECT id, rev, created_at, created_by, updated_at, updated_by,
    c1, c2, c3, c4, c5, c6 FROM u1 WHERE deleted_at = 0 ORDER BY id LIMIT ?"""
COUNT: Final = "SELECT count(*) FROM (SELECT 1 FROM u1 WHERE deleted_at = 0 LIMIT ?)"


def create() -> Litestar:
    """Return the application."""
    settings = load_settings()
    lifeline.die_with_parent()
    path = settings.data / "tenshu.sqlite"
    database = sqlite3.connect(f"file:{path}?mode=ro", uri=True, isolation_level=None)
    environment = create_environment(collect_assets())
    encode = msgspec.json.Encoder().encode
    values = _values_of_page(os.environ[TOKEN])

    def who(request: Request[Any, Any, Any]) -> tuple[Any, ...]:
        token = request.cookies[COOKIE]
        hashed = hashlib.sha256(token.encode()).hexdigest()
        found: tuple[Any, ...] = database.execute(SESSION, (hashed,)).fetchone()
        return found

    def table_of(row: tuple[Any, ...]) -> TableView:
        number, name, state, rev, created_at, created_by, source = row
        return TableView(
            id=number,
            name=name,
            state=TableState(state),
            rev=rev,
            source=source,
            created_at=created_at,
            created_by=created_by,
            deleted_at=0,
            fields=[
                FieldView(id=identifier, name=label, kind=FieldKind(kind), scale=scale)
                for identifier, label, kind, scale in database.execute(FIELDS, (number,))
            ],
        )

    def cells(table: TableView, row: tuple[Any, ...]) -> list[Value]:
        return [show(one, value) for one, value in zip(fields_of(table), row[6:], strict=True)]

    def words(table: TableView, row: tuple[Any, ...]) -> list[str]:
        return [
            "" if value is None else words_of(one, NOWHERE)(value)
            for one, value in zip(fields_of(table), row[6:], strict=True)
        ]

    def records_of(number: int) -> RecordPage:
        table = table_of(database.execute(DEFINITION, (number,)).fetchone())
        rows = database.execute(ROWS, (PAGE + 1,)).fetchall()[:PAGE]
        (total,) = database.execute(COUNT, (CAP + 1,)).fetchone()
        return RecordPage(
            table=table,
            records=[
                RecordView(
                    id=row[0],
                    rev=row[1],
                    cells=cells(table, row),
                    words=words(table, row),
                    created_at=row[2],
                    created_by=row[3],
                    updated_at=row[4],
                    updated_by=row[5],
                )
                for row in rows
            ],
            before="",
            after=mark_at((), (), rows[-1][0]),
            total=total,
            at_least=False,
        )

    @get("/tables/{table:int}", sync_to_thread=False)
    def page(request: Request[Any, Any, Any], table: int) -> Response[bytes]:
        person = who(request)
        found = records_of(table)
        tables = [table_of(row) for row in database.execute(DEFINITIONS).fetchall()]
        fresh = {
            "viewer": Viewer(name=person[5], initials=person[5][:1]),
            "session": SessionWarning(900, 120, person[4]),
            "table": found.table,
            "found": found,
            "runs": [Run(group=None, records=found.records)],
            "next": f"/tables/{table}?after={found.after}",
            "side": lambda: [(f"/tables/{one.id}", one.name, "table-2") for one in tables],
        }
        html = render(environment, TEMPLATE, **{**values, **fresh})
        return Response(html.encode(), media_type="text/html")

    @post("/api/v1/tables/{table:int}/records/search", status_code=200, sync_to_thread=False)
    def search(request: Request[Any, Any, Any], table: int) -> Response[bytes]:
        who(request)
        return Response(encode(records_of(table)), media_type="application/json")

    return Litestar([page, search], openapi_config=None, logging_config=None)


def fields_of(table: TableView) -> list[FieldInfo]:
    """Return what the types take of the fields."""
    return [
        FieldInfo(id=one.id, name=one.name, kind=one.kind, scale=one.scale) for one in table.fields
    ]


def _values_of_page(token: str) -> dict[str, Any]:
    """Ask our own page once, in this process, for all that its template is given."""
    caught: dict[str, Any] = {}

    def catch(_environment: object, _name: str, **values: object) -> str:
        caught.update(values)
        return ""

    async def ask(application: AsgiApplication) -> None:
        transport = httpx.ASGITransport(application, client=("127.0.0.1", 1))  # type: ignore[arg-type]
        async with httpx.AsyncClient(transport=transport, base_url="https://127.0.0.1") as client:
            headers = {"cookie": f"{COOKIE}={token}", "accept-language": "ja"}
            (await client.get(PATH, headers=headers)).raise_for_status()

    with mock.patch.object(pages, "render", catch):
        loop = asyncio.new_event_loop()
        loop.run_until_complete(ask(app.workspace.app.create()))
        loop.close()
    return caught


if __name__ == "__main__":
    server(load_settings(), "bench.parts.bare:create", int(sys.argv[1])).serve()
