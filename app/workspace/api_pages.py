"""A table for programs: its address, its fields by number, and its OpenAPI document."""

import msgspec
from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from app.services.tables.operations import tables
from app.services.tables.types.registry import TYPES
from app.services.tables.views import TableView
from app.web.api import PREFIX, content_disposition
from app.web.asking import AnyRequest, context_of
from app.web.pages import Answer, ask, need_sign_in, page
from app.web.routing import get
from app.workspace.table_document import document_of


@get("/tables/{table:int}/api")
def show_api(request: AnyRequest, table: FromPath[int]) -> Answer:
    """Show how a program reads and writes the table."""
    found = tables.get_table(need_sign_in(request), ask(tables.GetTable, table=table))
    return page(
        request,
        "workspace/table_api.html",
        table=found,
        kinds={kind: one.title for kind, one in TYPES.items()},
        address=f"{request.url.scheme}://{request.headers.get('host', '')}{PREFIX}/tables/{table}",
    )


@get("/tables/{table:int}/openapi.json")
def openapi(request: AnyRequest, table: FromPath[int]) -> Answer:
    """Hand out the document, to a person or to a program with a token."""
    found = tables.get_table(context_of(request), ask(tables.GetTable, table=table))
    return Response(
        msgspec.json.encode(document_of(found)),
        media_type="application/json",
        headers={"content-disposition": content_disposition(_name(found))},
    )


def _name(table: TableView) -> str:
    return f"{table.name}.openapi.json"


def api_pages() -> list[HTTPRouteHandler]:
    """Return the handlers of this module."""
    return [show_api, openapi]
