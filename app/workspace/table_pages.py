"""Tables: the list, and what can be done with each."""

from litestar.handlers import HTTPRouteHandler
from litestar.params import FromQuery

from app.operations.permissions import Permission
from app.services.tables.models import TableState
from app.services.tables.operations import tables
from app.services.tables.views import TableView
from app.web.asking import AnyRequest
from app.web.pages import Answer, need_sign_in, page
from app.web.routing import get
from app.workspace.api_pages import api_pages
from app.workspace.arrange_pages import arrange_pages
from app.workspace.change_pages import change_pages
from app.workspace.export_pages import export_pages
from app.workspace.field_pages import field_pages
from app.workspace.history_pages import history_pages
from app.workspace.import_pages import import_pages
from app.workspace.merge_pages import merge_pages
from app.workspace.record_pages import record_pages
from app.workspace.records_page import records_page
from app.workspace.rights_pages import rights_pages
from app.workspace.table_settings_pages import deleted_tables, table_settings_pages


def side(request: AnyRequest) -> list[tuple[str, str, str]]:
    """Return the tables at the side of each page."""
    found = tables.list_tables(need_sign_in(request), tables.ListTables()).tables
    return [(f"/tables/{one.id}", one.name, "table-2") for one in found if _is_ready(one)]


@get("/")
def show_tables(request: AnyRequest, deleted: FromQuery[int] = 0) -> Answer:
    """Show the person's tables; the one that was just deleted can be brought back at once."""
    context = need_sign_in(request)
    found = tables.list_tables(context, tables.ListTables()).tables
    may_import = context.actor.rights.allows_somewhere(Permission.RECORDS_IMPORT)
    gone = deleted_tables(context)
    return page(
        request,
        "workspace/tables.html",
        rows=found,
        may_import=may_import,
        gone=len(gone),
        just_deleted=next((one for one in gone if one.id == deleted), None),
        errors={},
        into=None,
    )


def _is_ready(table: TableView) -> bool:
    return table.state is TableState.READY


def table_pages() -> list[HTTPRouteHandler]:
    """Return the handlers of this module."""
    return [
        show_tables,
        *records_page(),
        *arrange_pages(),
        *import_pages(),
        *merge_pages(),
        *export_pages(),
        *api_pages(),
        *rights_pages(),
        *table_settings_pages(),
        *field_pages(),
        *record_pages(),
        *history_pages(),
        *change_pages(),
    ]
