"""Tables: the list, a new one from a file, its records."""

from typing import Annotated, Any, Final
from urllib.parse import urlencode

import msgspec
from litestar.datastructures import UploadFile
from litestar.enums import RequestEncodingType
from litestar.handlers import HTTPRouteHandler
from litestar.params import Body, FromPath, FromQuery

from app.core.errors import TenshuError
from app.files import spool
from app.operations.context import Context
from app.operations.permissions import Permission
from app.services.tables.models import TableState
from app.services.tables.operations import exporting, importing, records, rejected, tables
from app.services.tables.physical import MOST_FIELDS
from app.services.tables.selection import Sort
from app.services.tables.types.registry import TYPES
from app.services.tables.views import TableView
from app.web.asking import AnyRequest, appliance_of
from app.web.pages import Answer, ask, field_errors, go, need_sign_in, page, perform, result_of
from app.web.routing import get, post
from app.web.shared_pages import Form
from app.workspace.field_pages import field_pages
from app.workspace.record_pages import record_pages
from app.workspace.table_settings_pages import deleted_tables, table_settings_pages

CHUNK: Final = 1024 * 1024
PAGE: Final = 50
LONGEST_SEARCH: Final = 200
IMPORT: Final = "/tables/import"


class Upload(msgspec.Struct):
    """The form with the file."""

    file: UploadFile


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
    )


@get("/tables/new")
def show_new_table(request: AnyRequest) -> Answer:
    """Ask for the file of a new table."""
    may_upload(request)
    return page(request, "workspace/table_new.html", errors={})


def may_upload(request: AnyRequest) -> None:
    """Let nobody send a large file who may not import it. Raise SignInNeeded or NotAllowed."""
    need_sign_in(request).require(Permission.RECORDS_IMPORT, tables.AREA)


@post("/uploads", guard=may_upload)
def upload(
    request: AnyRequest, data: Annotated[Upload, Body(media_type=RequestEncodingType.MULTI_PART)]
) -> Answer:
    """Take a file in, and go on to its preview."""
    context = need_sign_in(request)
    folder = appliance_of(request).settings.spool
    try:
        with spool.receive(folder, context.actor.account, data.file.filename) as incoming:
            while chunk := data.file.file.read(CHUNK):
                incoming.write(chunk)
            taken = incoming.finish()
    except TenshuError as error:
        return page(
            request,
            "workspace/table_new.html",
            status=error.status,
            errors=field_errors(context.language, error),
        )
    return go(f"{IMPORT}/{taken.id}")


@get("/tables/import/{upload_id:str}")
def show_preview(request: AnyRequest, upload_id: FromPath[str]) -> Answer:
    """Show what the file would become; a person may correct it."""
    return _preview_page(request, upload_id, dict(request.query_params), {})


@post("/tables/import/{upload_id:str}")
def start_import(request: AnyRequest, upload_id: FromPath[str], data: Form) -> Answer:
    """Start the import."""
    context = need_sign_in(request)
    count = _whole(str(data.get("columns", "")))
    try:
        wanted = ask(
            importing.ImportFile,
            upload=upload_id,
            name=str(data.get("name", "")).strip(),
            encoding=str(data.get("encoding", "")),
            delimiter=str(data.get("delimiter", "")),
            header=data.get("header") == "yes",
            columns=[
                {
                    "name": str(data.get(f"name-{index}", "")).strip(),
                    "kind": str(data.get(f"kind-{index}", "text")),
                    "scale": str(data.get(f"scale-{index}") or 0),
                }
                for index in range(min(count, MOST_FIELDS))
            ],
        )
        return perform(request, importing.import_file, wanted)
    except TenshuError as error:
        errors = field_errors(context.language, error)
        return _preview_page(request, upload_id, data, errors, error.status)


@result_of(importing.import_file)
def import_started(_request: AnyRequest, result: importing.ImportStarted) -> Answer:
    """Go to the job."""
    return go(f"/jobs/{result.job}")


@get("/tables/{table:int}")
def show_table(
    request: AnyRequest,
    table: FromPath[int],
    q: FromQuery[str] = "",
    sort: FromQuery[str] = "",
    after: FromQuery[str] = "",
    before: FromQuery[str] = "",
    hide: FromQuery[str] = "",
    notice: FromQuery[str] = "",
    record: FromQuery[int] = 0,
) -> Answer:
    """Show a page of a table's records."""
    context = need_sign_in(request)
    found = records.list_records(
        context,
        ask(
            records.ListRecords,
            table=table,
            search=q[:LONGEST_SEARCH],
            sort=read_sort(sort),
            after=after,
            before=before,
            limit=PAGE,
        ),
    )
    rights = context.actor.rights
    scope = f"tables/{table}"
    kept = {"q": q, "sort": sort, "hide": hide}
    unless_asked = [str(one.id) for one in found.table.fields if one.settings.hidden]
    return page(
        request,
        "workspace/table.html",
        table=found.table,
        found=found,
        q=q,
        sort=sort,
        hidden=hide.split(",") if hide else unless_asked,
        hides=bool(unless_asked),
        next=_place(table, kept, after=found.after),
        previous=_place(table, kept, before=found.before),
        may_export=rights.allows(Permission.RECORDS_EXPORT, scope),
        may_add=rights.allows(Permission.RECORDS_CREATE, scope),
        may_design=rights.allows(Permission.TABLES_DESIGN, scope),
        rejected=_rejected(context, table),
        notice=notice,
        record=record,
    )


@post("/tables/{table:int}/export")
def export_table(request: AnyRequest, table: FromPath[int], data: Form) -> Answer:
    """Hand out what the list shows."""
    need_sign_in(request)
    encoding: Any = "cp932" if data.get("encoding") == "cp932" else "utf-8"
    wanted = ask(
        exporting.ExportRecords,
        table=table,
        search=str(data.get("q", ""))[:LONGEST_SEARCH],
        sort=read_sort(str(data.get("sort", ""))),
        encoding=encoding,
    )
    return perform(request, exporting.export_records, wanted)


@post("/tables/{table:int}/import/errors")
def export_errors(request: AnyRequest, table: FromPath[int]) -> Answer:
    """Hand out the rows that did not fit."""
    need_sign_in(request)
    return perform(request, rejected.import_errors, ask(rejected.ImportErrors, table=table))


def _rejected(context: Context, table: int) -> int:
    """Return how many rows of the file did not fit, for those who may fetch them."""
    if not context.actor.rights.allows(Permission.RECORDS_IMPORT, f"tables/{table}"):
        return 0
    return rejected.count_import_errors(context, ask(rejected.ImportErrors, table=table)).rows


def read_sort(text: str) -> Sort:
    """Return the order that an address asks for: `12`, or `-12` for the largest first."""
    number = text.removeprefix("-")
    return Sort(field=_whole(number), descending=text.startswith("-"))


def _whole(text: str) -> int:
    """Return what plain digits say; 0 for everything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else 0


def _is_ready(table: TableView) -> bool:
    return table.state is TableState.READY


def _place(table: int, kept: dict[str, str], **mark: str) -> str:
    """Return the address of the page before or after; empty where there is none."""
    if not any(mark.values()):
        return ""
    query = {name: value for name, value in {**kept, **mark}.items() if value}
    return f"/tables/{table}?{urlencode(query)}"


def _preview_page(
    request: AnyRequest,
    upload_id: str,
    chosen: dict[str, Any],
    errors: dict[str, str],
    status: int = 200,
) -> Answer:
    context = need_sign_in(request)
    header = {"yes": True, "no": False}.get(str(chosen.get("header", "")))
    seen = importing.preview_import(
        context,
        ask(
            importing.PreviewImport,
            upload=upload_id,
            encoding=str(chosen.get("encoding", "")),
            delimiter=str(chosen.get("delimiter", "")),
            header=header,
        ),
    )
    return page(
        request,
        "workspace/table_preview.html",
        status=status,
        seen=seen,
        upload=upload_id,
        chosen=chosen,
        errors=errors,
        types=[found for found in TYPES.values() if found.importable],
    )


def table_pages() -> list[HTTPRouteHandler]:
    """Return the handlers of this module."""
    return [
        show_tables,
        show_new_table,
        upload,
        show_preview,
        start_import,
        show_table,
        export_table,
        export_errors,
        *table_settings_pages(),
        *field_pages(),
        *record_pages(),
    ]
