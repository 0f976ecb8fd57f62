"""Starting the import of a list, in the background."""

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from app.jobs.queue import enqueue
from app.operations.context import Context, Plane
from app.operations.operation import Route, Tier, operation
from app.operations.permissions import Permission
from app.people.comparing import Compared, compare_upload, require_keys
from app.people.errors import ListChanged, NothingToDo, RowsFaulty
from app.people.operations.preview import Columns, Encoding, UploadId, counts_of

IMPORT: Final = "people.import"


class ImportList(msgspec.Struct, frozen=True, kw_only=True):
    """A list to be applied."""

    upload: UploadId
    encoding: Encoding = ""
    columns: Columns = ()
    name: Annotated[
        str, Meta(description="Of the file; asked back before it is applied.", max_length=255)
    ] = ""
    people: Annotated[
        int | None,
        Meta(description="People whom the list changes, as the preview said; refused for another."),
    ] = None
    good_rows: Annotated[
        bool, Meta(description="Apply the rows that fit, where others do not; else all or none.")
    ] = False


class ListImportStarted(msgspec.Struct, frozen=True, kw_only=True):
    """An import that waits for a worker."""

    job: Annotated[str, Meta(description="Identifier of the job.")]


class ListArguments(msgspec.Struct, frozen=True, kw_only=True):
    """What the job needs to know."""

    upload: str
    owner: str
    """Account whose upload it is."""
    encoding: str
    columns: tuple[str, ...]
    good_rows: bool


def _compare(context: Context, request: ImportList) -> Compared:
    compared = compare_upload(
        context,
        request.upload,
        owner=context.actor.account,
        encoding=request.encoding,
        columns=request.columns,
    )
    require_appliable(compared, good_rows=request.good_rows)
    if request.people not in (None, len(compared.plan.changes)):
        raise ListChanged(people=len(compared.plan.changes))
    return compared


def require_appliable(compared: Compared, *, good_rows: bool) -> None:
    """Raise NoKeyColumn, RowsFaulty or NothingToDo where there is nothing to apply."""
    require_keys(compared)
    if compared.plan.faults and not good_rows:
        raise RowsFaulty(rows=compared.plan.faulty_rows)
    if compared.plan.is_empty:
        raise NothingToDo


@operation(
    "people.import_list",
    permission=Permission.ACCOUNTS_MANAGE,
    tier=Tier.T2_DANGEROUS,
    planes=(Plane.CONSOLE,),
    route=Route("POST", "/people/import", status=202),
    ahead=_compare,
)
def import_list(context: Context, request: ImportList) -> ListImportStarted:
    """Apply a list of people: make, change, move and suspend accounts, in the background."""
    context.require(Permission.GRANTS_MANAGE)
    compared: Compared = context.ahead
    context.event.numbers.update(counts_of(compared.plan))
    job = enqueue(
        context,
        IMPORT,
        ListArguments(
            upload=request.upload,
            owner=context.actor.account,
            encoding=compared.sheet.encoding,
            columns=tuple(column.value if column else "" for column in compared.columns),
            good_rows=request.good_rows,
        ),
    )
    return ListImportStarted(job=job)
