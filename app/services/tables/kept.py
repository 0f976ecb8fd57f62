"""Rows of files that did not fit, and deleted records: kept until somebody chooses days."""

from functools import partial

from app.core.messages import mark
from app.identity.keeping import Due, Kept, declare
from app.jobs.queue import enqueue
from app.operations.context import Context
from app.services.tables import outdated
from app.services.tables.operations.keeping import REMOVE, RemoveArguments
from app.services.tables.outdated import Outdated


def _due(context: Context, before: int, _since: int, kind: Outdated) -> Due:
    return outdated.due(context.session, kind, before)


def _remove(context: Context, before: int, kind: Outdated) -> int:
    """Hand it to the worker: the console's database role reaches into no table of people's."""
    enqueue(context, REMOVE, RemoveArguments(kind=kind, before=before))
    return 0


for _kind, _title, _help in (
    (
        Outdated.REJECTED,
        mark("Rows of imports that did not fit"),
        mark("Whole rows of files, with the reason. Counted from the day of the import."),
    ),
    (
        Outdated.DELETED,
        mark("Deleted records"),
        mark("With their former states. Counted from the day on which they were deleted."),
    ),
):
    declare(
        Kept(
            kind=_kind.value,
            title=_title,
            help=_help,
            due=partial(_due, kind=_kind),
            remove=partial(_remove, kind=_kind),
        )
    )
