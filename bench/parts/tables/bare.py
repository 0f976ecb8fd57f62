"""The same work without rights, audit and history: a bare litestar with plain sqlite3.

`python -m bench.parts.tables.bare PORT` with the settings of the copy that it stands beside.
"""

import csv
import io
import sqlite3
import sys
from collections.abc import Iterator
from typing import Any, Final

import msgspec
from litestar import Litestar, Request, Response, get, post
from litestar.response import Stream

from app.core import lifeline
from app.core.settings import load_settings
from app.web.serve import server
from bench.parts.tables.data import ORDERS

WIDTH: Final = len(ORDERS)
FILE: Final = "bare.sqlite"
NAMES: Final = ", ".join(f"c{place}" for place in range(WIDTH))
KINDS: Final = {"integer": int, "decimal": lambda cell: int(cell.replace(".", ""))}
CHUNK: Final = 2_000
PAGE: Final = "/api/v1/tables/{table:int}/records/search"


def create() -> Litestar:
    """Return the application."""
    lifeline.die_with_parent()
    path = load_settings().data / FILE
    reads = [KINDS.get(one.kind, str) for one in ORDERS]
    kinds = ["INTEGER" if one.kind in KINDS else "TEXT" for one in ORDERS]
    encode = msgspec.json.Encoder().encode

    def opened() -> sqlite3.Connection:
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        return connection

    writer, reader = opened(), opened()

    @post("/import")
    async def take(request: Request[Any, Any, Any]) -> Response[bytes]:
        data = await request.body()
        fields = ", ".join(f"c{place} {kind}" for place, kind in enumerate(kinds))
        writer.execute("DROP TABLE IF EXISTS t")
        writer.execute(f"CREATE TABLE t (id INTEGER PRIMARY KEY, {fields})")
        rows = csv.reader(io.StringIO(data.decode("utf-8-sig")))
        next(rows)
        writer.execute("BEGIN")
        writer.executemany(
            f"INSERT INTO t ({NAMES}) VALUES ({', '.join('?' * WIDTH)})",
            ([read(cell) for read, cell in zip(reads, row, strict=True)] for row in rows),
        )
        writer.execute("CREATE INDEX t7 ON t (c7, id)")
        writer.execute("COMMIT")
        return Response(b"{}", media_type="application/json")

    @post(PAGE, status_code=200, sync_to_thread=False)
    def page(table: int) -> Response[bytes]:
        found = reader.execute(
            f"SELECT id, {NAMES} FROM t WHERE c2 = ? ORDER BY c7, id LIMIT 51", ("京都府",)
        ).fetchall()
        return Response(
            encode({"table": table, "records": found[:50]}),
            media_type="application/json",
        )

    @get("/export", sync_to_thread=False)
    def export() -> Stream:
        def chunks() -> Iterator[bytes]:
            cursor = opened().execute(f"SELECT {NAMES} FROM t ORDER BY id")
            while rows := cursor.fetchmany(CHUNK):
                text = io.StringIO()
                csv.writer(text).writerows(rows)
                yield text.getvalue().encode()

        return Stream(chunks(), media_type="text/csv")

    return Litestar(
        [take, page, export],
        openapi_config=None,
        logging_config=None,
        request_max_body_size=None,
    )


if __name__ == "__main__":
    server(load_settings(), "bench.parts.tables.bare:create", int(sys.argv[1])).serve()
