"""One record: add, change, delete, with a plain form.

The form gives back what each field held when it was shown. So only what a person really changed is
written, and where somebody else was faster the page shows both, and keeps what was typed.
"""

from typing import Any

import msgspec
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from app.core.errors import Conflict, NotFound, TenshuError
from app.operations.context import Context
from app.operations.permissions import Permission
from app.services.tables.operations import records, tables
from app.services.tables.types.base import Value
from app.services.tables.views import FieldView, RecordView, TableView
from app.web.asking import AnyRequest
from app.web.pages import Answer, ask, field_errors, go, need_sign_in, page
from app.web.routing import get, post
from app.web.shared_pages import Form


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One field of the form."""

    field: FieldView
    value: str
    """What stands in the form."""
    was: str
    """What was stored when it was shown."""
    newest: str
    """What somebody else has stored since; the same as `was` where nobody did."""


@get("/tables/{table:int}/records/new")
def show_new(request: AnyRequest, table: FromPath[int]) -> Answer:
    """Show an empty form."""
    return _form_page(request, table, None, {}, {})


@post("/tables/{table:int}/records/new")
def create(request: AnyRequest, table: FromPath[int], data: Form) -> Answer:
    """Add a record."""
    context = need_sign_in(request)
    fields = _table(context, table).fields
    values = {field.id: text for field in fields if (text := _typed(data, "f", field))}
    try:
        made = records.create_record(context, ask(records.CreateRecord, table=table, values=values))
    except TenshuError as error:
        errors = _errors(context, fields, error)
        return _form_page(request, table, None, data, errors, error.status)
    return go(f"/tables/{table}?notice=added&record={made.id}")


@get("/tables/{table:int}/records/{record:int}")
def show_record(request: AnyRequest, table: FromPath[int], record: FromPath[int]) -> Answer:
    """Show one record."""
    context = need_sign_in(request)
    return _form_page(request, table, _record(context, table, record), {}, {})


@post("/tables/{table:int}/records/{record:int}")
def update(request: AnyRequest, table: FromPath[int], record: FromPath[int], data: Form) -> Answer:
    """Write what was changed, if nobody else changed the record since it was shown."""
    context = need_sign_in(request)
    fields = _table(context, table).fields
    values = {
        field.id: typed or None
        for field in fields
        if (typed := _typed(data, "f", field)) != _typed(data, "was", field)
    }
    try:
        wanted = ask(
            records.UpdateRecord,
            table=table,
            record=record,
            rev=str(data.get("rev", "")),
            values=values,
        )
        if values:
            records.update_record(context, wanted)
    except NotFound:
        raise
    except TenshuError as error:
        errors = _errors(context, fields, error)
        newest = _record(context, table, record)
        return _form_page(
            request, table, newest, data, errors, error.status, conflict=isinstance(error, Conflict)
        )
    return go(f"/tables/{table}?notice=saved&record={record}")


@post("/tables/{table:int}/records/{record:int}/delete")
def delete(request: AnyRequest, table: FromPath[int], record: FromPath[int], data: Form) -> Answer:
    """Delete the record, if it still stands as it was seen."""
    context = need_sign_in(request)
    try:
        records.delete_record(
            context,
            ask(records.DeleteRecord, table=table, record=record, rev=str(data.get("rev", ""))),
        )
    except Conflict as error:
        errors = field_errors(context.language, error)
        newest = _record(context, table, record)
        return _form_page(request, table, newest, {}, errors, error.status)
    return go(f"/tables/{table}?notice=deleted&record={record}")


def _table(context: Context, table: int) -> TableView:
    return tables.get_table(context, ask(tables.GetTable, table=table))


def _record(context: Context, table: int, record: int) -> RecordView:
    return records.get_record(context, ask(records.GetRecord, table=table, record=record))


def _typed(data: dict[str, Any], what: str, field: FieldView) -> str:
    """Return what a form says of a field; browsers send every line break as CR and LF."""
    return str(data.get(f"{what}{field.id}", "")).replace("\r\n", "\n")


def _text(value: Value) -> str:
    """Return a value as a form shows it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value).replace("\r\n", "\n")


def _errors(context: Context, fields: list[FieldView], error: TenshuError) -> dict[str, str]:
    """Return the errors at the form's fields: operations name a field by its name or number."""
    known = {name: f"f{one.id}" for one in fields for name in (one.name, str(one.id))}
    found = field_errors(context.language, error)
    return {known.get(name, ""): text for name, text in found.items()}


def _entries(
    fields: list[FieldView], record: RecordView | None, data: dict[str, Any]
) -> list[Entry]:
    found = []
    for index, field in enumerate(fields):
        newest = _text(record.cells[index]) if record else ""
        was = _typed(data, "was", field) if data else newest
        typed = _typed(data, "f", field) if data else newest
        # what was not touched follows the newest state
        value = newest if typed == was else typed
        found.append(Entry(field=field, value=value, was=was, newest=newest))
    return found


def _form_page(
    request: AnyRequest,
    table: int,
    record: RecordView | None,
    data: dict[str, Any],
    errors: dict[str, str],
    status: int = 200,
    *,
    conflict: bool = False,
) -> Answer:
    context = need_sign_in(request)
    scope = f"tables/{table}"
    rights = context.actor.rights
    if record is None:
        context.require(Permission.RECORDS_CREATE, scope)
    found = _table(context, table)
    return page(
        request,
        "workspace/record.html",
        status=status,
        table=found,
        record=record,
        entries=_entries(found.fields, record, data),
        errors=errors,
        conflict=conflict,
        may_edit=record is None or rights.allows(Permission.RECORDS_EDIT, scope),
        may_delete=record is not None and rights.allows(Permission.RECORDS_DELETE, scope),
    )


def record_pages() -> list[HTTPRouteHandler]:
    """Return the handlers of this module."""
    return [show_new, create, show_record, update, delete]
