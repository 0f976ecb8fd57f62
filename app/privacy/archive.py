"""The file: a ZIP of one readable page, one CSV a kind, and everything as JSON Lines.

It is written while it is sent; a part is read once and goes into a JSON and a CSV, so at most one
kind of thing lies in memory.
"""

import csv
import datetime as dt
import io
import zipfile
from collections.abc import Iterator
from html import escape
from typing import Any, Final

import msgspec

from app.core import clock
from app.core.csv_lines import harmless
from app.core.messages import mark, translate
from app.identity.personal import Told
from app.privacy.gathering import Part, Person

SHOWN: Final = 200
"""Rows of one kind on the readable page; the CSV holds all."""


class _Pipe(io.RawIOBase):
    """Takes what zipfile writes, and gives it on."""

    def __init__(self) -> None:
        self._held = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, chunk: Any) -> int:  # noqa: ANN401 - a buffer
        self._held += chunk
        return len(chunk)

    def take(self) -> bytes:
        """Return what was written since the last time."""
        taken = bytes(self._held)
        self._held.clear()
        return taken


def archive(person: Person, parts: Iterator[Part], *, language: str, at: int) -> Iterator[bytes]:
    """Give the archive, piece by piece."""
    pipe = _Pipe()
    summary: list[tuple[Part, list[Told], int]] = []
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as file:
        for part in parts:
            rows = list(part.rows)
            summary.append((part, rows[:SHOWN], len(rows)))
            file.writestr(f"json/{part.kind}.jsonl", _json_lines(rows))
            yield pipe.take()
            file.writestr(f"csv/{part.kind}.csv", _csv(rows))
            yield pipe.take()
        file.writestr("index.html", _page(person, summary, language, at))
    yield pipe.take()


def _json_lines(rows: list[Told]) -> bytes:
    return b"".join(msgspec.json.encode(row) + b"\n" for row in rows)


def _csv(rows: list[Told]) -> bytes:
    names = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([_cell(name) for name in names])
    writer.writerows([[_cell(row.get(name, "")) for name in names] for row in rows])
    return ("\ufeff" + text.getvalue()).encode()  # Excel takes a file without it for CP932


def _text(value: Any) -> str:  # noqa: ANN401 - any value
    if value is None:
        return ""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _cell(value: Any) -> str:  # noqa: ANN401 - any value
    text = _text(value)
    return str(harmless(text)) if isinstance(value, str) else text


def _page(
    person: Person, summary: list[tuple[Part, list[Told], int]], language: str, at: int
) -> str:
    """Return the readable page: what there is, and what stands in it, in one file of HTML."""

    def say(text: str, **values: object) -> str:
        return escape(translate(language, text, **values))

    title = say(mark("Everything that is kept about a person"))
    day = dt.datetime.fromtimestamp(at / clock.SECOND, dt.UTC).date().isoformat()
    made = say(mark("Made on {day}. Times are milliseconds since 1970-01-01 (UTC)."), day=day)
    first = say(mark("The first {count}; all of them stand in the CSV file."), count=SHOWN)
    sections = "".join(
        f"<h2>{say(part.title)} ({count})</h2>{_table(rows)}"
        + (f"<p>{first}</p>" if count > SHOWN else "")
        for part, rows, count in summary
    )
    about = escape("、".join(person.texts) or person.account)
    return (
        f'<!doctype html><html lang="{language}"><meta charset="utf-8"><title>{title}</title>'
        "<style>body{font-family:sans-serif;margin:2rem}table{border-collapse:collapse}"
        "td,th{border:1px solid #999;padding:.25rem .5rem;text-align:left;vertical-align:top}"
        f"</style><h1>{title}</h1><p>{about}</p><p>{made}</p>{sections}</html>"
    )


def _table(rows: list[Told]) -> str:
    if not rows:
        return "<p>–</p>"
    names = list(dict.fromkeys(name for row in rows for name in row))
    head = "".join(f"<th>{escape(name)}</th>" for name in names)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(_text(row.get(name, '')))}</td>" for name in names) + "</tr>"
        for row in rows
    )
    return f"<table><tr>{head}</tr>{body}</table>"
