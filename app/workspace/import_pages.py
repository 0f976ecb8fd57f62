"""From a file to a new table: the file, what it would become, the start of the job."""

from typing import Annotated, Any, Final

import msgspec
from litestar import Response
from litestar.datastructures import UploadFile
from litestar.enums import RequestEncodingType
from litestar.handlers import HTTPRouteHandler
from litestar.params import Body, FromPath, FromQuery

from app.core.errors import TenshuError
from app.files import spool
from app.operations.context import Context
from app.operations.errors import NotAllowed
from app.operations.permissions import Permission
from app.services.tables.models import FieldKind, TableState
from app.services.tables.operations import importing, rejected, tables
from app.services.tables.physical import MOST_FIELDS
from app.services.tables.rules import Verb
from app.services.tables.types.registry import TYPES
from app.services.tables.views import TableView
from app.web.asking import AnyRequest, appliance_of, context_of
from app.web.pages import Answer, ask, field_errors, go, need_sign_in, page, perform, result_of
from app.web.routing import get, post
from app.web.shared_pages import Form
from app.workspace.import_choices import reading, ticked
from app.workspace.import_refused import ask_for_another
from app.workspace.table_state import whole

CHUNK: Final = 1024 * 1024
IMPORT: Final = "/tables/import"


class Upload(msgspec.Struct):
    """The form with the file."""

    file: UploadFile
    into: str = ""
    """Number of the table that the rows are meant for; empty: a new one."""


@get("/tables/new")
def show_new_table(request: AnyRequest) -> Answer:
    """Ask for the file of a new table."""
    may_upload(request)
    return page(request, "workspace/table_new.html", errors={}, into=None)


@get("/tables/{table:int}/import")
def show_import(request: AnyRequest, table: FromPath[int]) -> Answer:
    """Ask for the file with rows for a table."""
    context = need_sign_in(request)
    into = tables.get_table(context, ask(tables.GetTable, table=table))
    if Verb.IMPORT not in into.may:
        raise NotAllowed(permission=Permission.RECORDS_IMPORT.value)
    return page(request, "workspace/table_new.html", errors={}, into=into)


def may_upload(request: AnyRequest) -> None:
    """Let nobody send a large file who may not import it. Raise SignInNeeded or NotAllowed."""
    context = _sender(request)
    if not context.actor.rights.allows_somewhere(Permission.RECORDS_IMPORT):
        context.require(Permission.RECORDS_IMPORT, tables.AREA)


@post("/uploads", guard=may_upload)
def upload(
    request: AnyRequest, data: Annotated[Upload, Body(media_type=RequestEncodingType.MULTI_PART)]
) -> Answer:
    """Take a file in, and go on to its preview."""
    context = _sender(request)
    folder = appliance_of(request).settings.spool
    into = whole(data.into)
    try:
        with spool.receive(folder, context.actor.account, data.file.filename) as incoming:
            while chunk := data.file.file.read(CHUNK):
                incoming.write(chunk)
            taken = incoming.finish()
    except TenshuError as error:
        if _by_program(request):
            raise
        return page(
            request,
            "workspace/table_new.html",
            status=error.status,
            errors=field_errors(context.language, error),
            into=tables.get_table(context, ask(tables.GetTable, table=into)) if into else None,
        )
    if _by_program(request):
        told = msgspec.json.encode({"upload": taken.id, "size": taken.size})
        return Response(told, status_code=201, media_type="application/json")
    return go(f"/tables/{into}/import/{taken.id}" if into else f"{IMPORT}/{taken.id}")


def _sender(request: AnyRequest) -> Context:
    """Return the context of who sends a file: a person's browser, or a program with a token."""
    return context_of(request) if _by_program(request) else need_sign_in(request)


def _by_program(request: AnyRequest) -> bool:
    """Tell whether a program sends the file: it is told the identifier, for the API."""
    return request.headers.get("authorization", "").startswith("Bearer ")


@get("/tables/import/{upload_id:str}")
def show_preview(request: AnyRequest, upload_id: FromPath[str], into: FromQuery[int] = 0) -> Answer:
    """Show what the file would become; a person may correct it, or choose a table that is there."""
    if into:
        return go(f"/tables/{into}/import/{upload_id}")
    return _preview_page(request, upload_id, dict(request.query_params), {})


@post("/tables/import/{upload_id:str}")
def start_import(request: AnyRequest, upload_id: FromPath[str], data: Form) -> Answer:
    """Start the import."""
    context = need_sign_in(request)
    count = min(whole(data.get("columns", "")), MOST_FIELDS)
    try:
        wanted = ask(
            importing.ImportFile,
            upload=upload_id,
            name=str(data.get("name", "")).strip(),
            columns=[_column(data, place) for place in range(count)],
            leave_out=[place + 1 for place in range(count) if not ticked(data, f"take-{place}")],
            without_totals=ticked(data, "totals"),
            ditto=ticked(data, "ditto"),
            whole=ticked(data, "whole"),
            **reading(data),
        )
        return perform(request, importing.import_file, wanted)
    except TenshuError as error:
        errors = field_errors(context.language, error)
        return _preview_page(request, upload_id, data, errors, error.status)


def _column(data: dict[str, Any], place: int) -> dict[str, Any]:
    kind = str(data.get(f"kind-{place}", "text"))
    keeps = any(found.has_scale and one.value == kind for one, found in TYPES.items())
    return {
        "name": str(data.get(f"name-{place}", "")).strip(),
        "kind": kind,
        "scale": str(data.get(f"scale-{place}") or 0) if keeps else "0",
    }


@result_of(importing.import_file)
def import_started(_request: AnyRequest, result: importing.ImportStarted) -> Answer:
    """Go to the job."""
    return go(f"/jobs/{result.job}")


@post("/tables/{table:int}/import/errors")
def export_errors(request: AnyRequest, table: FromPath[int], data: Form) -> Answer:
    """Hand out the rows that did not fit."""
    need_sign_in(request)
    wanted = ask(rejected.ImportErrors, table=table, job=str(data.get("job", "")))
    return perform(request, rejected.import_errors, wanted)


def _preview_page(
    request: AnyRequest,
    upload_id: str,
    chosen: dict[str, Any],
    errors: dict[str, str],
    status: int = 200,
) -> Answer:
    context = need_sign_in(request)
    wanted = ask(importing.PreviewImport, upload=upload_id, **reading(chosen))
    try:
        seen = importing.preview_import(context, wanted)
    except TenshuError as error:
        return ask_for_another(request, error)
    return page(
        request,
        "workspace/table_preview.html",
        status=status,
        seen=seen,
        upload=upload_id,
        chosen=chosen,
        typed="columns" in chosen,
        errors=errors,
        types=[found for found in TYPES.values() if found.importable],
        text=FieldKind.TEXT,
        others=_others(request),
    )


def _others(request: AnyRequest) -> list[TableView]:
    """Return the tables that the rows could be meant for."""
    context = need_sign_in(request)
    found = tables.list_tables(context, tables.ListTables()).tables
    return [one for one in found if one.state is TableState.READY and Verb.IMPORT in one.may]


def import_pages() -> list[HTTPRouteHandler]:
    """Return the handlers of this module."""
    return [
        show_new_table,
        show_import,
        upload,
        show_preview,
        start_import,
        export_errors,
    ]
