"""What the search on top of the workspace finds: pages, tables, records."""

from typing import Final
from urllib.parse import urlencode

from app.core.messages import mark, translate
from app.operations.context import Context
from app.operations.permissions import Permission
from app.services.tables.models import TableState
from app.services.tables.operations import records, tables
from app.services.tables.views import RecordView, TableView
from app.web.asking import AnyRequest
from app.web.pages import ask, need_sign_in
from app.web.search_page import Place, Places, fitting

MOST_TABLES: Final = 10
"""Each is searched for records; a person who has more goes to the table first."""
RECORDS_EACH: Final = 3
CELLS_SHOWN: Final = 4


def find(request: AnyRequest, words: str) -> list[Places]:
    """Return what fits the words."""
    context = need_sign_in(request)
    mine = [
        one
        for one in tables.list_tables(context, tables.ListTables()).tables
        if one.state is TableState.READY
    ]
    named = [Place(f"/tables/{one.id}", one.name, "table-2") for one in mine]
    return [
        Places(translate(context.language, mark("Tables")), fitting(words, named)),
        Places(translate(context.language, mark("Pages")), fitting(words, _pages(context))),
        *(Places(one.name, _records(context, one, words)) for one in mine[:MOST_TABLES]),
    ]


def _pages(context: Context) -> list[Place]:
    rights = context.actor.rights
    known = [("/", mark("Home"), "house"), ("/jobs", mark("Jobs"), "list-todo")]
    if rights.allows(Permission.RECORDS_IMPORT, tables.AREA):
        known.append(("/tables/new", mark("New table"), "plus"))
    if rights.allows(Permission.TABLES_DESIGN, tables.AREA):
        known.append(("/tables/deleted", mark("Deleted tables"), "trash-2"))
    known += [
        ("/account", mark("My account"), "user-cog"),
        ("/account/preferences", mark("Language and appearance"), "languages"),
        ("/account/rights", mark("My rights"), "key-round"),
        ("/account/history", mark("My history"), "scroll-text"),
        ("/reviews/mine", mark("My access reviews"), "clipboard-check"),
        ("/account/tokens", mark("API tokens"), "key-round"),
    ]
    return [Place(href, translate(context.language, name), icon) for href, name, icon in known]


def _records(context: Context, table: TableView, words: str) -> list[Place]:
    """Return the first records of a table that hold the words, and the way to all of them."""
    asked = ask(records.ListRecords, table=table.id, search=words, limit=RECORDS_EACH)
    found = records.list_records(context, asked)
    places = [
        Place(f"/tables/{table.id}/records/{one.id}", _told(context, one), "file-text")
        for one in found.records
    ]
    if places and found.total and found.total > len(places):
        every = translate(context.language, mark("All {count} of them"), count=f"{found.total:,}")
        query = urlencode({"q": words})
        places.append(Place(f"/tables/{table.id}?{query}", every, "arrow-right"))
    return places


def _told(context: Context, record: RecordView) -> str:
    """Return a record as its first texts, or its number where it has none."""
    cells = [str(one).strip() for one in record.cells if isinstance(one, str)]
    texts = [one for one in cells if one][:CELLS_SHOWN]
    number = translate(context.language, mark("Record {number}"), number=record.id)
    return " · ".join(texts) or number
