"""A table itself: its name, its end, and its way back."""

from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from app.core.errors import TenshuError
from app.operations.context import Context
from app.operations.errors import NotAllowed
from app.operations.permissions import Permission
from app.services.tables.operations import tables
from app.services.tables.rules import Verb
from app.services.tables.views import TableView
from app.web.asking import AnyRequest
from app.web.pages import Answer, ask, field_errors, go, need_sign_in, page
from app.web.routing import get, post
from app.web.shared_pages import Form


@get("/tables/{table:int}/settings")
def show_settings(request: AnyRequest, table: FromPath[int]) -> Answer:
    """Show the name of a table, and the way to delete it."""
    return _settings_page(request, table, None, {})


@post("/tables/{table:int}/rename")
def rename(request: AnyRequest, table: FromPath[int], data: Form) -> Answer:
    """Give the table another name."""
    context = need_sign_in(request)
    name = str(data.get("name", "")).strip()
    try:
        wanted = ask(tables.RenameTable, table=table, rev=str(data.get("rev", "")), name=name)
        tables.rename_table(context, wanted)
    except TenshuError as error:
        errors = _at_name(field_errors(context.language, error))
        return _settings_page(request, table, name, errors, error.status)
    return go(f"/tables/{table}?notice=renamed")


@post("/tables/{table:int}/delete")
def delete(request: AnyRequest, table: FromPath[int], data: Form) -> Answer:
    """Delete the table; the next page offers to bring it back."""
    context = need_sign_in(request)
    try:
        wanted = ask(tables.ChangeTable, table=table, rev=str(data.get("rev", "")))
        tables.delete_table(context, wanted)
    except TenshuError as error:
        errors = field_errors(context.language, error)
        return _settings_page(request, table, None, errors, error.status)
    return go(f"/?deleted={table}")


@post("/tables/{table:int}/restore")
def restore(request: AnyRequest, table: FromPath[int], data: Form) -> Answer:
    """Bring a deleted table back."""
    context = need_sign_in(request)
    wanted = ask(tables.ChangeTable, table=table, rev=str(data.get("rev", "")))
    tables.restore_table(context, wanted)
    return go(f"/tables/{table}?notice=restored")


@get("/tables/deleted")
def show_deleted(request: AnyRequest) -> Answer:
    """Show the tables that can be brought back."""
    context = need_sign_in(request)
    context.require(Permission.TABLES_DESIGN, tables.AREA)
    return page(request, "workspace/tables_deleted.html", rows=deleted_tables(context))


def deleted_tables(context: Context) -> list[TableView]:
    """Return what can be brought back; nothing for those who do not design tables."""
    if not context.actor.rights.allows(Permission.TABLES_DESIGN, tables.AREA):
        return []
    return tables.list_tables(context, tables.ListTables(deleted=True)).tables


def _at_name(errors: dict[str, str]) -> dict[str, str]:
    return {name or "name": text for name, text in errors.items()}


def _settings_page(
    request: AnyRequest,
    table: int,
    name: str | None,
    errors: dict[str, str],
    status: int = 200,
) -> Answer:
    """Show the newest state of the table, with what was typed."""
    context = need_sign_in(request)
    found = tables.get_table(context, ask(tables.GetTable, table=table))
    if Verb.DESIGN not in found.may:
        raise NotAllowed(permission=Permission.TABLES_DESIGN.value)
    return page(
        request,
        "workspace/table_settings.html",
        status=status,
        table=found,
        name=found.name if name is None else name,
        errors=errors,
    )


def table_settings_pages() -> list[HTTPRouteHandler]:
    """Return the handlers of this module."""
    return [show_settings, rename, delete, restore, show_deleted]
