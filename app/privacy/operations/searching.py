"""The steps of a search: each in a transaction of its own, with the rights of whoever asked."""

from typing import Annotated

import msgspec
from msgspec import Meta
from sqlalchemy import insert, update
from sqlmodel import SQLModel, col

from app.identity.personal import Wanted, all_searched
from app.jobs.lease import Lease, advance
from app.operations.context import Context
from app.operations.operation import operation
from app.operations.permissions import Permission
from app.privacy.models import Disclosure, Finding

_findings = SQLModel.metadata.tables[str(Finding.__tablename__)]


class Checkpoint(msgspec.Struct, frozen=True, kw_only=True):
    """Where a search stands."""

    kind: int = 0
    """Which of the declared kinds."""
    after: str = ""
    """Where it goes on in that kind."""
    looked_at: int = 0
    """Rows that were looked at."""
    found: int = 0
    """Things that name the person."""
    skipped: list[str] = []
    """What could not be looked into."""


class SearchStep(msgspec.Struct, frozen=True, kw_only=True):
    """The next rows to be looked at."""

    lease: Annotated[Lease, Meta(description="The worker's hold on the job.")]
    disclosure: Annotated[str, Meta(description="Identifier of the disclosure.")]
    before: Annotated[Checkpoint, Meta(description="Where the search stands.")]


class FinishSearch(SearchStep, frozen=True, kw_only=True):
    """The end of a search."""


@operation("privacy.search_step", permission=Permission.ACCOUNTS_MANAGE, planes=())
def search_step(context: Context, step: SearchStep) -> Checkpoint:
    """Look at the next rows for the person, and keep what names them."""
    session, stands = context.session, step.before
    context.event.about("disclosure", step.disclosure)
    wanted = session.get(Disclosure, step.disclosure)
    if wanted is None or wanted.erased_at:  # deleted, or erased, while it ran: find nothing more
        return msgspec.structs.replace(stands, kind=len(all_searched()), after="")
    texts = tuple(wanted.text.splitlines())
    place = all_searched()[stands.kind]
    batch = place.look(context, Wanted(account=wanted.account, texts=texts), stands.after)
    rows = [
        {
            "disclosure": wanted.id,
            "place": one.place,
            "title": one.title,
            "why": one.why,
            "at": one.at,
            "body": msgspec.json.encode(one.body).decode(),
        }
        for one in batch.found
    ]
    if rows:
        session.connection().execute(insert(_findings), rows)
    context.event.numbers.update(rows=batch.looked_at, found=len(rows))
    reached = Checkpoint(
        kind=stands.kind if batch.after else stands.kind + 1,
        after=batch.after,
        looked_at=stands.looked_at + batch.looked_at,
        found=stands.found + len(rows),
        skipped=[*stands.skipped, *batch.skipped],
    )
    _show(context, step, reached)
    advance(session, step.lease, checkpoint=reached, done=reached.looked_at)
    return reached


@operation("privacy.finish_search", permission=Permission.ACCOUNTS_MANAGE, planes=())
def finish_search(context: Context, step: FinishSearch) -> None:
    """Note that a search has ended."""
    context.event.about("disclosure", step.disclosure)
    context.event.numbers.update(rows=step.before.looked_at, found=step.before.found)
    _show(context, step, step.before, finished_at=context.now)
    advance(context.session, step.lease, checkpoint=step.before)


def _show(context: Context, step: SearchStep, stands: Checkpoint, finished_at: int = 0) -> None:
    context.session.exec(
        update(Disclosure)
        .where(col(Disclosure.id) == step.disclosure)
        .values(
            found=stands.found,
            looked_at=stands.looked_at,
            skipped=msgspec.json.encode(stands.skipped).decode(),
            finished_at=finished_at,
        )
    )
