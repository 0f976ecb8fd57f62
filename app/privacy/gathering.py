"""What the file about a person holds, part by part.

It is read while it is sent, so that nothing about the person lies around in a file of ours.
"""

from collections.abc import Iterator
from typing import Any, Final

import msgspec
from sqlmodel import col, select

from app.audit import search as trail
from app.audit.filters import EventFilter
from app.core.messages import mark
from app.identity.personal import Told, all_about
from app.operations.context import Appliance
from app.privacy.models import Finding

PAGE: Final = 500


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Whom the file is about."""

    disclosure: str
    account: str
    texts: tuple[str, ...]


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of thing in the file."""

    kind: str
    title: str
    """English text of the catalogue."""
    rows: Iterator[Told]


def gather(appliance: Appliance, person: Person) -> Iterator[Part]:
    """Give the parts of the file; each is to be read before the next."""
    if person.account:
        for about in all_about():
            with appliance.database.read() as session:
                rows = list(about.told(session, person.account))
            yield Part(kind=about.kind, title=about.title, rows=iter(rows))
        yield Part(
            kind="history-by",
            title=mark("What the person did"),
            rows=_events(appliance, EventFilter(actor=person.account)),
        )
        yield Part(
            kind="history-about",
            title=mark("What was done about the person"),
            rows=_events(appliance, EventFilter(target=person.account)),
        )
    for text in person.texts:
        yield Part(
            kind=f"history-text-{person.texts.index(text) + 1}",
            title=mark("Where the history names the person"),
            rows=_events(appliance, EventFilter(text=text)),
        )
    yield Part(kind="records", title=mark("Records"), rows=_findings(appliance, person.disclosure))


def _events(appliance: Appliance, wanted: EventFilter) -> Iterator[Told]:
    folder = appliance.settings.sealed_store
    for row in trail.export(appliance.database, folder, wanted):
        if not row["readable"]:
            yield row
            continue
        told = trail.detail(appliance.database, folder, row["id"])
        yield {**row, "device": told.device, "before": told.before, "after": told.after}


def _findings(appliance: Appliance, disclosure: str) -> Iterator[Told]:
    last = 0
    while True:
        with appliance.database.read() as session:
            rows = session.exec(
                select(Finding)
                .where(Finding.disclosure == disclosure, col(Finding.id) > last)
                .order_by(col(Finding.id))
                .limit(PAGE)
            ).all()
            found: list[dict[str, Any]] = [
                {
                    "place": row.place,
                    "title": row.title,
                    "at": row.at,
                    "why": row.why,
                    **msgspec.json.decode(row.body, type=dict[str, Any]),
                }
                for row in rows
            ]
            last = rows[-1].id or 0 if rows else 0
        yield from found
        if len(found) < PAGE:
            return
