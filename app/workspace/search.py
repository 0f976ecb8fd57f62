"""What the search on top of the workspace finds: pages, tables, records."""

from typing import Final
from urllib.parse import urlencode

from app.core.messages import mark, translate
from app.operations.context import Context
from app.operations.permissions import Permission
from app.services.tables.models import TableState
from app.services.tables.operations import searching, tables
from app.services.tables.operations.searching import RecordHit, TableHits
from app.web.asking import AnyRequest
from app.web.pages import ask, need_sign_in
from app.web.search_page import Place, Places, fitting

RECORDS_EACH: Final = 3


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
        *_records(context, words),
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


def _records(context: Context, words: str) -> list[Places]:
    """Return the first records of each table that hold the words, and the way to all of them."""
    asked = ask(searching.SearchEverywhere, search=words, each=RECORDS_EACH)
    found = searching.search_everywhere(context, asked)
    return [_table(context, one, words) for one in found.tables]


def _table(context: Context, found: TableHits, words: str) -> Places:
    places = [_record(context, found.table, one) for one in found.records]
    count = translate(context.language, mark("{count} records"), count=f"{found.total:,}")
    every = translate(context.language, mark("Show in the table"))
    if found.total > len(places):
        told = mark("All {count} of them")
        every = translate(context.language, told, count=f"{found.total:,}")
    query = urlencode({"q": words})
    places.append(Place(f"/tables/{found.table}?{query}", every, "arrow-right"))
    return Places(found.name, places, count)


def _record(context: Context, table: int, hit: RecordHit) -> Place:
    """Return a record with the field that holds the words, and what stands around them."""
    number = translate(context.language, mark("Record {number}"), number=hit.record)
    text = hit.text
    return Place(
        f"/tables/{table}/records/{hit.record}",
        hit.title or number,
        "file-text",
        hit.field_name,
        (text.before, text.hit, text.after) if hit.field else None,
    )
