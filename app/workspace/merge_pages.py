"""From a file into a table that is there: columns and fields, what would change, the start."""

from typing import Any

from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from app.core.errors import TenshuError
from app.services.tables.merging import Mode
from app.services.tables.operations import importing, merging, tables
from app.services.tables.preview import Preview
from app.services.tables.types.base import Storage
from app.services.tables.types.choices import same
from app.services.tables.types.registry import TYPES
from app.services.tables.views import FieldView, TableView
from app.web.asking import AnyRequest
from app.web.pages import Answer, ask, field_errors, go, need_sign_in, page, perform, result_of
from app.web.routing import get, post
from app.web.shared_pages import Form
from app.workspace.import_choices import (
    MERGING,
    READING,
    chosen_fields,
    query_of,
    reading,
)
from app.workspace.import_choices import (
    merging as chosen_merging,
)
from app.workspace.import_refused import ask_for_another
from app.workspace.table_state import whole


@get("/tables/{table:int}/import/{upload_id:str}")
def show_columns(request: AnyRequest, table: FromPath[int], upload_id: FromPath[str]) -> Answer:
    """Show which column of the file is which field; a person may correct it."""
    return _columns_page(request, table, upload_id, dict(request.query_params), {})


@post("/tables/{table:int}/import/{upload_id:str}")
def choose_columns(
    request: AnyRequest, table: FromPath[int], upload_id: FromPath[str], data: Form
) -> Answer:
    """Go on to what would become of the rows."""
    need_sign_in(request)
    chosen = {**data, "fields": chosen_fields(data)}
    return go(f"/tables/{table}/import/{upload_id}/check?{query_of(chosen, READING + MERGING)}")


@get("/tables/{table:int}/import/{upload_id:str}/check")
def show_check(request: AnyRequest, table: FromPath[int], upload_id: FromPath[str]) -> Answer:
    """Show what would become of the rows; nothing is written."""
    context, chosen = need_sign_in(request), dict(request.query_params)
    try:
        seen = merging.preview_merge(
            context,
            ask(
                merging.MergeFile,
                table=table,
                upload=upload_id,
                **reading(chosen),
                **chosen_merging(chosen),
            ),
        )
    except TenshuError as error:
        errors = field_errors(context.language, error)
        return _columns_page(request, table, upload_id, chosen, errors, error.status)
    found = tables.get_table(context, ask(tables.GetTable, table=table))
    names = {one.id: one.name for one in found.fields}
    numbers = [whole(one) for one in str(chosen.get("fields", "")).split(".")]
    return page(
        request,
        "workspace/table_merge_check.html",
        table=found,
        upload=upload_id,
        seen=seen,
        taken=[names.get(one, "") for one in numbers if one],
        chosen={name: chosen.get(name, "") for name in READING + MERGING},
        query=query_of(chosen, READING + MERGING),
        mode=str(chosen.get("mode", "add")),
    )


@post("/tables/{table:int}/import/{upload_id:str}/start")
def start_merge(
    request: AnyRequest, table: FromPath[int], upload_id: FromPath[str], data: Form
) -> Answer:
    """Start the import, or only the counting of all rows."""
    context = need_sign_in(request)
    try:
        wanted = ask(
            merging.StartMerge,
            table=table,
            upload=upload_id,
            dry=data.get("what") == "count",
            **reading(data),
            **chosen_merging(data),
        )
        return perform(request, merging.import_into, wanted)
    except TenshuError as error:
        errors = field_errors(context.language, error)
        return _columns_page(request, table, upload_id, data, errors, error.status)


@result_of(merging.import_into)
def merge_started(_request: AnyRequest, result: merging.MergeStarted) -> Answer:
    """Go to the job."""
    return go(f"/jobs/{result.job}")


def _columns_page(
    request: AnyRequest,
    table: int,
    upload_id: str,
    chosen: dict[str, Any],
    errors: dict[str, str],
    status: int = 200,
) -> Answer:
    context = need_sign_in(request)
    found = tables.get_table(context, ask(tables.GetTable, table=table))
    wanted = ask(importing.PreviewImport, upload=upload_id, **reading(chosen))
    try:
        seen = importing.preview_import(context, wanted)
    except TenshuError as error:
        return ask_for_another(request, error, found)
    fields = [one for one in found.fields if not TYPES[one.kind].by_appliance]
    return page(
        request,
        "workspace/table_merge.html",
        status=status,
        table=found,
        upload=upload_id,
        seen=seen,
        chosen=chosen,
        typed="fields" in chosen,
        meant=_meant(seen, found, fields, chosen),
        fields=[one for one in found.fields if one in fields or _is_key(one)],
        keys=[one for one in found.fields if _is_key(one)],
        usual=_usual_key(found),
        modes=Mode,
        errors=errors,
    )


def _is_key(field: FieldView) -> bool:
    """Tell whether records can be found by a field."""
    in_column = TYPES[field.kind].storage in (Storage.INTEGER, Storage.TEXT)
    return in_column and not field.changing


def _usual_key(table: TableView) -> int:
    """Return the field that most likely tells records apart."""
    return next((one.id for one in table.fields if one.settings.unique and _is_key(one)), 0)


def _meant(
    seen: Preview, table: TableView, fields: list[FieldView], chosen: dict[str, Any]
) -> list[int]:
    """Return the field of each column: as chosen, else the one of the same name."""
    if "fields" in chosen:
        numbers = [whole(one) for one in str(chosen["fields"]).split(".")]
        if len(numbers) == len(seen.columns):
            return numbers
    names = {same(one.name): one.id for one in fields}
    if not seen.header:  # without names the order is all that is known
        numbers = [one.id for one in table.fields if one in fields]
        return [*numbers, *([0] * len(seen.columns))][: len(seen.columns)]
    return [names.pop(same(plan.name), 0) for plan in seen.columns]


def merge_pages() -> list[HTTPRouteHandler]:
    """Return the handlers of this module."""
    return [show_columns, choose_columns, show_check, start_merge]
