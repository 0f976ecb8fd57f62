"""People in bulk: a list is dropped, looked at, applied; and handed out again (F4)."""

from typing import Annotated, Any, Final
from urllib.parse import urlencode

import msgspec
from litestar.datastructures import UploadFile
from litestar.enums import RequestEncodingType
from litestar.handlers import HTTPRouteHandler
from litestar.params import Body, FromPath

from app.core.errors import TenshuError
from app.core.messages import mark
from app.files import spool
from app.identity.roles import NAMES
from app.operations.context import Context
from app.operations.permissions import Permission
from app.people.columns import LABELS
from app.people.errors import RowsFaulty
from app.people.operations import exporting, importing, preview
from app.web.asking import AnyRequest, appliance_of
from app.web.names import VALUES
from app.web.pages import Answer, ask, field_errors, go, need_sign_in, page, perform, result_of
from app.web.routing import get, post
from app.web.shared_pages import Form

CHUNK: Final = 1024 * 1024
LARGEST_LIST: Final = 32 * spool.MEGABYTE
MOST_COLUMNS: Final = 200
PAGE: Final = 50

KINDS: Final = {
    "new": mark("New people"),
    "changed": mark("Changed"),
    "moved": mark("Moved"),
    "leaving": mark("Leaving"),
    "faulty": mark("Do not fit"),
}


class Upload(msgspec.Struct):
    """The form with the list."""

    file: UploadFile


@get("/people")
def show_people(request: AnyRequest) -> Answer:
    """Ask for a list, and offer the one that stands."""
    return _people_page(request, {})


def may_upload(request: AnyRequest) -> None:
    """Let nobody send a list who may not import it. Raise SignInNeeded or NotAllowed."""
    need_sign_in(request).require(Permission.ACCOUNTS_MANAGE)


@post("/uploads", guard=may_upload)
def upload(
    request: AnyRequest, data: Annotated[Upload, Body(media_type=RequestEncodingType.MULTI_PART)]
) -> Answer:
    """Take a list in, and go on to its preview."""
    context = need_sign_in(request)
    folder, name = appliance_of(request).settings.spool, data.file.filename
    try:
        with spool.receive(folder, context.actor.account, name, LARGEST_LIST) as incoming:
            while chunk := data.file.file.read(CHUNK):
                incoming.write(chunk)
            taken = incoming.finish()
        wanted = ask(preview.PreviewList, upload=taken.id, limit=1)
        preview.preview_list(context, wanted)  # what is no list is told where it was dropped
    except TenshuError as error:
        return _people_page(request, field_errors(context.language, error), error.status)
    return go(f"/people/import/{taken.id}")


@get("/people/import/{upload_id:str}")
def show_preview(request: AnyRequest, upload_id: FromPath[str]) -> Answer:
    """Show what the list would change."""
    return _preview_page(request, upload_id, dict(request.query_params), {})


@post("/people/import/{upload_id:str}")
def start_import(request: AnyRequest, upload_id: FromPath[str], data: Form) -> Answer:
    """Apply the list, after a fresh second factor."""
    context = need_sign_in(request)
    try:
        wanted = ask(
            importing.ImportList,
            **_source(upload_id, data),
            name=str(data.get("name", ""))[:255],
            people=_whole(str(data.get("people", ""))),
            good_rows=data.get("rows") == "good",
        )
        _require_good_rows(context, upload_id, data)
        return perform(request, importing.import_list, wanted)
    except TenshuError as error:
        errors = field_errors(context.language, error)
        return _preview_page(request, upload_id, data, errors, error.status)


def _require_good_rows(context: Context, upload_id: str, data: Form) -> None:
    """Raise RowsFaulty where all rows must fit and some do not: before a code is spent."""
    wanted = ask(preview.PreviewList, **_source(upload_id, data), limit=1)
    faulty = preview.preview_list(context, wanted).counts["faulty"]
    if faulty and data.get("rows") != "good":
        raise RowsFaulty(rows=faulty)


@post("/people/import/{upload_id:str}/faults")
def download_faults(request: AnyRequest, upload_id: FromPath[str], data: Form) -> Answer:
    """Hand out the rows that do not fit."""
    need_sign_in(request)
    return perform(
        request, preview.list_faults, ask(preview.ListSource, **_source(upload_id, data))
    )


@post("/people/export")
def export(request: AnyRequest, data: Form) -> Answer:
    """Hand out the list of everybody."""
    need_sign_in(request)
    wanted = ask(exporting.ExportList, format=str(data.get("format", "xlsx")))
    return perform(request, exporting.export_list, wanted)


@result_of(importing.import_list)
def started(_request: AnyRequest, result: importing.ListImportStarted) -> Answer:
    """Go to the job."""
    return go(f"/jobs/{result.job}")


def _source(upload_id: str, form: dict[str, Any]) -> dict[str, Any]:
    """Return how a form or an address says that a list is read."""
    count = len([name for name in form if name.startswith("column-")])
    columns = [str(form.get(f"column-{index}", "")) for index in range(min(count, MOST_COLUMNS))]
    return {"upload": upload_id, "encoding": str(form.get("encoding", "")), "columns": columns}


def _people_page(request: AnyRequest, errors: dict[str, str], status: int = 200) -> Answer:
    context = need_sign_in(request)
    context.require(Permission.ACCOUNTS_VIEW)
    rights = context.actor.rights
    return page(
        request,
        "console/people.html",
        status=status,
        errors=errors,
        may_import=rights.allows(Permission.ACCOUNTS_MANAGE)
        and rights.allows(Permission.GRANTS_MANAGE),
        may_export=rights.allows(Permission.ACCOUNTS_EXPORT),
    )


def _preview_page(
    request: AnyRequest,
    upload_id: str,
    chosen: dict[str, Any],
    errors: dict[str, str],
    status: int = 200,
) -> Answer:
    context = need_sign_in(request)
    source = _source(upload_id, chosen)
    shown = str(chosen.get("shown", ""))
    search = str(chosen.get("q", ""))[:128]
    offset = _whole(str(chosen.get("after", "")))
    seen = preview.preview_list(
        context,
        ask(
            preview.PreviewList,
            **source,
            search=search,
            shown=shown if shown in KINDS else "",
            offset=offset,
            limit=PAGE,
        ),
    )
    kept = {"encoding": source["encoding"], "shown": shown, "q": search} | {
        f"column-{index}": held for index, held in enumerate(source["columns"])
    }
    path = f"/people/import/{upload_id}"
    return page(
        request,
        "console/people_preview.html",
        status=status,
        seen=seen,
        upload=upload_id,
        chosen=chosen,
        errors=errors,
        kinds=KINDS,
        shown=shown,
        q=search,
        kept={name: text for name, text in kept.items() if name not in ("q", "shown")},
        here=f"{path}?{urlencode(kept)}",
        first=offset + 1,
        next=_place(path, kept, offset + PAGE) if offset + PAGE < seen.total else "",
        previous=_place(path, kept, max(0, offset - PAGE)) if offset else "",
        labels={column.value: label for column, label in LABELS.items()},
        values={**VALUES, **{role.value: name for role, name in NAMES.items()}},
    )


def _place(path: str, kept: dict[str, str], offset: int) -> str:
    return f"{path}?{urlencode({**kept, 'after': offset})}"


def _whole(text: str) -> int:
    """Return what plain digits say; 0 for everything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 0


def people_pages() -> list[HTTPRouteHandler]:
    """Return the handlers of this module."""
    return [show_people, upload, show_preview, start_import, download_faults, export]
