"""Handing a table's records out: in which form, what that form cannot say, and the file."""

from typing import Any

from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from app.operations.context import Context
from app.operations.errors import NotAllowed
from app.operations.permissions import Permission
from app.services.tables.definition import PLAIN
from app.services.tables.operations import export_jobs, exporting, tables
from app.services.tables.rules import Verb
from app.services.tables.views import TableView
from app.web.asking import AnyRequest
from app.web.pages import Answer, ask, go, need_sign_in, page, perform, result_of
from app.web.routing import get, post
from app.web.shared_pages import Form
from app.workspace.import_choices import ticked
from app.workspace.records_page import shown_fields, view_of
from app.workspace.table_state import State, read_state

LARGE = 20_000
"""Records from which on the file is made in the background."""


def _wanted(
    context: Context, whole: TableView, state: State, data: dict[str, Any]
) -> exporting.ExportRecords:
    """Return what the list shows, as a file of the chosen form; its columns where it names some."""
    view = view_of(context, whole.id, state)
    shape = state.over(view.definition if view else PLAIN)
    names = state.view or state.cols or state.hide
    shown = shown_fields(whole, state, shape) if names else whole.fields
    return ask(
        exporting.ExportRecords,
        table=whole.id,
        view=state.view,
        search=state.q,
        where=state.conditions(),
        sorts=shape.sorts,
        columns=[one.id for one in shown if not one.kept_in],
        format=str(data.get("format") or "csv"),
        encoding=str(data.get("encoding") or "utf-8"),
        neutralise=not ticked(data, "raw"),
    )


@get("/tables/{table:int}/export")
def show_export(request: AnyRequest, table: FromPath[int]) -> Answer:
    """Ask for the form of the file, and tell what it cannot say."""
    context, chosen = need_sign_in(request), dict(request.query_params)
    state = read_state(chosen)
    whole = tables.get_table(context, ask(tables.GetTable, table=table))
    if Verb.EXPORT not in whole.may:
        raise NotAllowed(permission=Permission.RECORDS_EXPORT.value)
    wanted = _wanted(context, whole, state, chosen)
    return page(
        request,
        "workspace/table_export.html",
        table=whole,
        wanted=wanted,
        state=state,
        seen=exporting.check_export(context, wanted),
        large=LARGE,
    )


@post("/tables/{table:int}/export")
def export_table(request: AnyRequest, table: FromPath[int], data: Form) -> Answer:
    """Hand out what the list shows: at once, or in the background."""
    context = need_sign_in(request)
    whole = tables.get_table(context, ask(tables.GetTable, table=table))
    wanted = _wanted(context, whole, read_state(data), data)
    if ticked(data, "background"):
        return perform(request, export_jobs.start_export, wanted)
    return perform(request, exporting.export_records, wanted)


@result_of(export_jobs.start_export)
def export_started(_request: AnyRequest, result: export_jobs.ExportStarted) -> Answer:
    """Go to the job."""
    return go(f"/jobs/{result.job}")


@post("/tables/{table:int}/exports/{job:str}")
def fetch(request: AnyRequest, table: FromPath[int], job: FromPath[str]) -> Answer:
    """Hand out the file that a job made."""
    need_sign_in(request)
    return perform(
        request, export_jobs.fetch_export, ask(export_jobs.FetchExport, table=table, job=job)
    )


def export_pages() -> list[HTTPRouteHandler]:
    """Return the handlers of this module."""
    return [show_export, export_table, fetch]
