"""Erasing at places, by the background worker: what an erasure named, and nothing else."""

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from app.identity.personal import all_searched
from app.jobs.lease import Lease, advance
from app.operations.context import Context
from app.operations.operation import operation
from app.operations.permissions import Permission

FORGET: Final = "privacy.forget"


class ForgetArguments(msgspec.Struct, frozen=True, kw_only=True):
    """What an erasure names outside the history."""

    places: list[str] = []
    account: str = ""
    """Whose uploads go too; empty where no account was erased."""


class Forgotten(msgspec.Struct, frozen=True, kw_only=True):
    """How far it is."""

    places: int = 0
    """Places that were erased."""
    rows: int = 0
    """Rows that went."""
    files: int = 0
    """Uploads that went."""
    finished: bool = False
    """Nothing is left to be done."""


class Forget(msgspec.Struct, frozen=True, kw_only=True):
    """The next places."""

    lease: Annotated[Lease, Meta(description="The worker's hold on the job.")]
    places: Annotated[list[str], Meta(description="Places to be erased; none at the end.")]
    account: Annotated[str, Meta(description="Whose uploads go; empty: nobody's.")]
    before: Annotated[Forgotten, Meta(description="How far it is.")]


@operation("privacy.forget", permission=Permission.AUDIT_ERASE, planes=(), in_reserve=True)
def forget_some(context: Context, step: Forget) -> Forgotten:
    """Erase what stands at some places, as an erasure has named them."""
    kinds = {one.kind: one for one in all_searched()}
    rows = sum(kinds[place.partition("/")[0]].forget(context, place) for place in step.places)
    files = 0
    if step.account:
        context.event.about("account", step.account)
        files = sum(one.forget_uploads(context, step.account) for one in kinds.values())
    context.event.numbers.update(rows=rows, files=files)
    reached = Forgotten(
        places=step.before.places + len(step.places),
        rows=step.before.rows + rows,
        files=step.before.files + files,
        finished=not step.places,
    )
    advance(context.session, step.lease, checkpoint=reached, done=reached.places)
    return reached
