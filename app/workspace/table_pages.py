"""Tables: the list, and a new one from a file."""

from typing import Annotated, Any, Final

import msgspec
from litestar.datastructures import UploadFile
from litestar.enums import RequestEncodingType
from litestar.handlers import HTTPRouteHandler
from litestar.params import Body, FromPath, FromQuery

from app.core.errors import TenshuError
from app.files import spool
from app.operations.permissions import Permission
from app.services.tables.models import TableState
from app.services.tables.operations import importing, tables
from app.services.tables.physical import MOST_FIELDS
from app.services.tables.types.registry import TYPES
from app.services.tables.views import TableView
from app.web.asking import AnyRequest, appliance_of
from app.web.pages import Answer, ask, field_errors, go, need_sign_in, page, perform, result_of
from app.web.routing import get, post
from app.web.shared_pages import Form
from app.workspace.arrange_pages import arrange_pages
from app.workspace.field_pages import field_pages
from app.workspace.record_pages import record_pages
from app.workspace.records_page import records_page
from app.workspace.table_settings_pages import deleted_tables, table_settings_pages

CHUNK: Final = 1024 * 1024
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


def _whole(text: str) -> int:
    """Return what plain digits say; 0 for everything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else 0


def _is_ready(table: TableView) -> bool:
    return table.state is TableState.READY


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
        *records_page(),
        *arrange_pages(),
        *table_settings_pages(),
        *field_pages(),
        *record_pages(),
    ]
