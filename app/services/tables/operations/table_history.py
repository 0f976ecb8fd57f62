"""The history of a table: what was done to its records, an import or another job as one line."""

from typing import Annotated

import msgspec
from msgspec import Meta

from app.core.bounded import at_most
from app.core.errors import InvalidInput
from app.files.errors import Unfit
from app.operations.context import Context
from app.operations.operation import Effect, Route, operation
from app.operations.permissions import Permission
from app.services.tables import catalogue
from app.services.tables.around import people_of
from app.services.tables.conditions import NO_FIELD
from app.services.tables.counting import LONGEST
from app.services.tables.lines import Asked, Line, fields_of, heads, lines
from app.services.tables.operations.tables import STAFF
from app.services.tables.past import Columns
from app.services.tables.reach import is_free, reach_of
from app.services.tables.telling import names_of
from app.services.tables.views import TableNumber


class TableHistoryAsked(msgspec.Struct, frozen=True, kw_only=True):
    """Which changes of a table to list. All conditions must hold."""

    table: TableNumber
    person: Annotated[
        str, Meta(description="Who made them: identifier, login ID or name.", max_length=200)
    ] = ""
    field: Annotated[
        int, Meta(description="Number of the field that became another; 0: any.", ge=0, lt=2**31)
    ] = 0
    since: Annotated[
        int, Meta(description="Not older than this, in milliseconds; 0: all.", ge=0, lt=2**53)
    ] = 0
    until: Annotated[
        int, Meta(description="Older than this, in milliseconds; 0: all.", ge=0, lt=2**53)
    ] = 0
    what: Annotated[
        str, Meta(description="Only this job or change, by its identifier.", max_length=40)
    ] = ""
    after: Annotated[str, Meta(description="Mark of the page before.", max_length=40)] = ""
    limit: Annotated[int, Meta(description="Most lines to return.", ge=1, le=100)] = 50


class ChangeLine(msgspec.Struct, frozen=True, kw_only=True):
    """What one operation or one job did to the records of a table."""

    what: Annotated[str, Meta(description="Identifier of the job, or of the change.")]
    job: Annotated[str, Meta(description="The job; empty where it was none.")]
    action: Annotated[str, Meta(description="What the last of it did.")]
    at: Annotated[int, Meta(description="When it ended, in milliseconds.")]
    began: Annotated[int, Meta(description="When it began.")]
    by: Annotated[str, Meta(description="Account that did it.")]
    name: Annotated[str, Meta(description="What that person is called.")]
    way: Annotated[str, Meta(description="`page`, `token` or `job`; empty where nobody kept it.")]
    changes: Annotated[int, Meta(description="Changes that it was done in.")]
    added: Annotated[int, Meta(description="Records that it added.")]
    changed: Annotated[int, Meta(description="Records that it changed.")]
    deleted: Annotated[int, Meta(description="Records that it deleted.")]
    restored: Annotated[int, Meta(description="Deleted records that it brought back.")]
    taken_back: Annotated[
        int, Meta(description="Records that it left as they were when it was cancelled.")
    ]
    record: Annotated[int, Meta(description="The only record of it; 0: there are more.")]
    fields: Annotated[
        list[str], Meta(description="Names of the fields that became others at the only record.")
    ]


class TableHistoryPage(msgspec.Struct, frozen=True, kw_only=True):
    """Changes of a table."""

    lines: Annotated[list[ChangeLine], Meta(description="The newest first.")]
    after: Annotated[str, Meta(description="Mark for the next page; empty at the end.")]


@operation(
    "tables.history",
    permission=Permission.RECORDS_VIEW,
    effect=Effect.READ,
    planes=STAFF,
    route=Route("POST", "/tables/{table}/history"),
    scope=lambda request: f"tables/{request.table}",
)
def table_history(context: Context, request: TableHistoryAsked) -> TableHistoryPage:
    """List what was done to the records of a table, the newest first."""
    table = catalogue.ready_table(context.session, request.table)
    reach = reach_of(context, table, Permission.RECORDS_VIEW)
    columns = Columns(context.session, table)
    visible = columns.visible(reach, is_free=is_free(context, table))
    if request.field and request.field not in visible:
        raise InvalidInput(field="field", reason=NO_FIELD)
    asked = Asked(
        by=_account(context, request.person),
        field=request.field,
        since=request.since,
        until=request.until,
        what=request.what,
    )
    with at_most(context.session, LONGEST):
        found = heads(context.session, table, reach, asked, request.after, request.limit + 1)
        shown = found[: request.limit]
        told_of = lines(context.session, table, reach, shown)
    names = names_of(context.session, context.language, [one.by for one in shown])
    told = [_told(context, columns, visible, one, names) for one in told_of]
    return TableHistoryPage(lines=told, after=shown[-1].id if len(found) > request.limit else "")


def _account(context: Context, person: str) -> str:
    """Return who is meant. Raise InvalidInput."""
    if not person.strip():
        return ""
    try:
        return str(people_of(context.session).find(person))
    except Unfit as unfit:
        raise InvalidInput(field="person", reason=unfit.reason) from unfit


def _told(
    context: Context,
    columns: Columns,
    visible: frozenset[int],
    line: Line,
    names: dict[str, str],
) -> ChangeLine:
    head = line.head
    single = line.changes == 1 and head.rows == 1
    touched = fields_of(context.session, head.id) if single and not line.deleted else []
    return ChangeLine(
        what=head.job or head.id,
        job=head.job,
        action=head.action,
        at=head.at,
        began=line.began,
        by=head.by,
        name=names[head.by],
        way=head.way,
        changes=line.changes,
        added=line.added,
        changed=line.changed,
        deleted=line.deleted,
        restored=line.restored,
        taken_back=line.taken_back,
        record=head.first if single else 0,
        fields=[columns.by_column[columns.present[one]].name for one in touched if one in visible],
    )
