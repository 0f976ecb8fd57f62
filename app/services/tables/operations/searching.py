"""Looking for a text in every table that one may look into."""

from collections.abc import Sequence
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from app.core.bounded import at_most
from app.operations.context import Context
from app.operations.operation import Effect, Route, operation
from app.operations.permissions import Permission
from app.services.tables import catalogue
from app.services.tables.around import around_of
from app.services.tables.conditions import WRITTEN
from app.services.tables.counting import LONGEST
from app.services.tables.fields import FieldInfo
from app.services.tables.folding import fold
from app.services.tables.models import TableState
from app.services.tables.operations.tables import STAFF
from app.services.tables.physical import FIRST_VALUE, TableInfo
from app.services.tables.query import Rows
from app.services.tables.reach import holds, reach_of
from app.services.tables.selection import Selection
from app.services.tables.snippets import Snippet, snippet
from app.services.tables.types.base import Around
from app.services.tables.types.registry import words_of
from app.services.tables.views import load_links
from app.services.tables.writing import searchers

MOST_EACH: Final = 20
TITLE_TEXTS: Final = 2
"""Filled fields that a record is called by."""
LONGEST_TITLE: Final = 60


class SearchEverywhere(msgspec.Struct, frozen=True, kw_only=True):
    """What to look for."""

    search: Annotated[
        str, Meta(description="Text anywhere in a record.", min_length=1, max_length=200)
    ]
    each: Annotated[
        int, Meta(description="Most records to show of each table.", ge=1, le=MOST_EACH)
    ] = 3


class RecordHit(msgspec.Struct, frozen=True, kw_only=True):
    """A record that holds it."""

    record: Annotated[int, Meta(description="Number of the record.")]
    title: Annotated[str, Meta(description="Its first texts; empty where it has none.")]
    field: Annotated[int, Meta(description="Number of the first field that holds it; 0: unknown.")]
    field_name: Annotated[str, Meta(description="What people call that field.")]
    text: Annotated[Snippet, Meta(description="Where it stands in there.")]


class TableHits(msgspec.Struct, frozen=True, kw_only=True):
    """A table that has such records."""

    table: Annotated[int, Meta(description="Number of the table.")]
    name: Annotated[str, Meta(description="What people call it.")]
    total: Annotated[int, Meta(description="How many of its records hold it, exactly.")]
    records: Annotated[list[RecordHit], Meta(description="The first of them.")]


class FoundEverywhere(msgspec.Struct, frozen=True, kw_only=True):
    """What was found."""

    total: Annotated[int, Meta(description="How many records hold it, in all tables.")]
    tables: Annotated[list[TableHits], Meta(description="Tables with such records, by name.")]


@operation(
    "records.search_everywhere",
    permission=Permission.SIGNED_IN,
    effect=Effect.READ,
    planes=STAFF,
    route=Route("POST", "/search"),
)
def search_everywhere(context: Context, request: SearchEverywhere) -> FoundEverywhere:
    """Look for a text in every table that one may look into, in the fields that one may see."""
    mine = [
        table
        for table in catalogue.all_tables(context.session)
        if table.state is TableState.READY and holds(context, table, Permission.RECORDS_VIEW)
    ]
    if not fold(request.search.strip()):
        mine = []
    with at_most(context.session, LONGEST):
        found = [_in_table(context, table, request) for table in mine]
    held = [one for one in found if one.total]
    return FoundEverywhere(total=sum(one.total for one in held), tables=held)


def _in_table(context: Context, table: TableInfo, request: SearchEverywhere) -> TableHits:
    around = around_of(context, table.fields)
    rows = Rows(context.session, table, reach_of(context, table, Permission.RECORDS_VIEW), around)
    selection = Selection(search=request.search)
    total, shown = rows.count(selection), list[Any]()
    if total:
        shown = rows.page(selection, after="", before="", limit=request.each).rows
    load_links(rows.fields, shown, around)
    needle = fold(request.search.strip())
    return TableHits(
        table=table.id,
        name=table.name,
        total=total,
        records=[_hit(rows.fields, around, needle, row) for row in shown],
    )


def _hit(
    fields: tuple[FieldInfo, ...], around: Around, needle: str, row: Sequence[Any]
) -> RecordHit:
    values = row[FIRST_VALUE:]
    filled = [
        (field, write, value)
        for field, write, value in zip(fields, searchers(fields, around), values, strict=True)
        if value is not None
    ]
    texts = [(field, write(value)) for field, write, value in filled]
    holding, text = next(((one, it) for one, it in texts if needle in fold(it)), (None, ""))
    named = [
        (field, value)
        for field, _, value in filled
        if field.kind in WRITTEN and not field.settings.hidden
    ]
    words = [words_of(field, around)(value) for field, value in named[:TITLE_TEXTS]]
    title = " · ".join(" ".join(one.split())[:LONGEST_TITLE] for one in words if one.strip())
    return RecordHit(
        record=row[0],
        title=title,
        field=holding.id if holding else 0,
        field_name=holding.name if holding else "",
        text=snippet(text, needle),
    )
