"""Everything about one person in one file: for the person, for a court, for the next service."""

import datetime as dt
from collections.abc import Iterator
from typing import Annotated

import msgspec
from msgspec import Meta

from app.core import clock
from app.operations.context import Appliance, Context
from app.operations.download import Download
from app.operations.operation import Effect, Route, operation
from app.operations.permissions import Permission
from app.privacy.archive import archive
from app.privacy.errors import NotFinished
from app.privacy.gathering import Part, Person, gather
from app.privacy.operations.disclosing import (
    ON_CONSOLE,
    DisclosureId,
    find,
    require_left,
)


class DownloadDisclosure(msgspec.Struct, frozen=True, kw_only=True):
    """Which search to download."""

    disclosure: DisclosureId
    language: Annotated[
        str, Meta(pattern="^(ja|en)$", description="Language of the readable page")
    ] = "ja"


@operation(
    "privacy.download",
    permission=Permission.AUDIT_EXPORT,
    effect=Effect.REVEAL,
    planes=ON_CONSOLE,
    route=Route("GET", "/disclosures/{disclosure}/file"),
)
def download_disclosure(context: Context, wanted: DownloadDisclosure) -> Download:
    """Hand out everything about one person: JSON, CSV and a readable page in one archive.

    Raise NotFinished or AlreadyErased.
    """
    context.require(Permission.ACCOUNTS_EXPORT)
    found = find(context.session, wanted.disclosure)
    require_left(found)
    if not found.finished_at:
        raise NotFinished
    kind, target = ("account", found.account) if found.account else ("disclosure", found.id)
    context.event.about(kind, target)
    context.event.references["disclosure"] = found.id
    context.event.numbers["found"] = found.found
    person = Person(
        disclosure=found.id, account=found.account, texts=tuple(found.text.splitlines())
    )
    parts = _whole(context.appliance, found.id, gather(context.appliance, person))
    day = _day(context.now)
    chunks = archive(person, parts, language=wanted.language, at=context.now)
    return Download(f"disclosure-{day}.zip", "application/zip", chunks)


def _whole(appliance: Appliance, disclosure: str, parts: Iterator[Part]) -> Iterator[Part]:
    """Give the parts; raise AlreadyErased where the person went before the last one was read.

    The file breaks off then: one that ends well holds all that its page says.
    """
    yield from parts
    with appliance.database.read() as session:
        require_left(find(session, disclosure))


def _day(now: int) -> str:
    """Return the day in UTC as a part of a file's name."""
    return dt.datetime.fromtimestamp(now / clock.SECOND, dt.UTC).strftime("%Y%m%d")
