"""One record: add, change, delete, with a plain form.

The form gives back what each field held when it was shown. So only what a person really changed is
written, and where somebody else was faster the page shows both, and keeps what was typed.
"""

from typing import Any, Final

import msgspec
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from app.core.errors import Conflict, NotFound, TenshuError
from app.operations.context import Context
from app.operations.errors import NotAllowed
from app.operations.permissions import Permission
from app.services.tables.models import FieldKind
from app.services.tables.operations import records, tables
from app.services.tables.rules import Verb
from app.services.tables.types.registry import TYPES
from app.services.tables.views import FieldView, RecordView, TableView
from app.web.asking import AnyRequest
from app.web.pages import Answer, ask, field_errors, go, need_sign_in, page
from app.web.routing import get, post
from app.web.shared_pages import Form

NAMED: Final = frozenset({FieldKind.PERSON, FieldKind.GROUP, FieldKind.LINK, FieldKind.LINKS})
MOST_NAMES: Final = 300
"""A list of suggestions that is longer helps nobody: one types the name, or the number."""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One field of the form."""

    field: FieldView
    value: str
    """What stands in the form."""
    was: str
    """What was stored when it was shown."""
    newest: str
    """What somebody else has stored since; the same as `was` where nobody did."""
    names: list[str]
    """What may be chosen, where things are called by names."""
    fixed: bool
    """Nobody writes to it: the appliance fills it, or its type is being changed."""

    @property
    def values(self) -> list[str]:
        """The choices in the form, of a field that has many."""
        return _parts(self.value)


@get("/tables/{table:int}/records/new")
def show_new(request: AnyRequest, table: FromPath[int]) -> Answer:
    """Show a form with the defaults."""
    return _form_page(request, table, None, {}, {})


@post("/tables/{table:int}/records/new")
def create(request: AnyRequest, table: FromPath[int], data: Form) -> Answer:
    """Add a record."""
    context = need_sign_in(request)
    fields = _table(context, table).fields
    values = {
        field.id: _typed(data, "f", field) or None
        for field in fields
        if not is_fixed(field) and _is_asked(data, field)
    }
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
        if not is_fixed(field)
        and _is_asked(data, field)
        and not _is_same(field, typed := _typed(data, "f", field), _typed(data, "was", field))
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


def is_fixed(field: FieldView) -> bool:
    """Tell whether no form writes to a field."""
    return field.changing or field.read_only or TYPES[field.kind].by_appliance


def _is_asked(data: dict[str, Any], field: FieldView) -> bool:
    """Tell whether the form that was sent asked for a field: it may be newer than the form."""
    return f"f{field.id}" in data or f"was{field.id}" in data


def _typed(data: dict[str, Any], what: str, field: FieldView) -> str:
    """Return what a form says of a field; browsers send every line break as CR and LF."""
    given = data.get(f"{what}{field.id}", "")
    if isinstance(given, list):
        return "; ".join(map(str, given))
    text = str(given).replace("\r\n", "\n")
    # browsers write a T between day and time
    return text.replace("T", " ", 1) if field.kind is FieldKind.DATE_TIME else text


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(";") if part.strip()]


def _is_same(field: FieldView, typed: str, was: str) -> bool:
    """Tell whether nobody changed a field: ticks come in the order of the choices."""
    if field.kind is FieldKind.MULTI_SELECT:
        return set(_parts(typed)) == set(_parts(was))
    return typed == was


def _errors(context: Context, fields: list[FieldView], error: TenshuError) -> dict[str, str]:
    """Return the errors at the form's fields: operations name a field by its name or number."""
    known = {name: f"f{one.id}" for one in fields for name in (one.name, str(one.id))}
    found = field_errors(context.language, error)
    return {known.get(name, ""): text for name, text in found.items()}


def _entries(
    context: Context, table: TableView, record: RecordView | None, data: dict[str, Any]
) -> list[Entry]:
    found = []
    may_look = Verb.VIEW in table.may
    if record is None:
        texts = records.begin_record(context, ask(records.BeginRecord, table=table.id)).texts
    else:
        texts = record.texts
    for field, text in zip(table.fields, texts, strict=True):
        newest = text.replace("\r\n", "\n")
        asked = bool(data) and _is_asked(data, field)
        was = _typed(data, "was", field) if asked else newest
        typed = _typed(data, "f", field) if asked else newest
        # what was not touched follows the newest state
        value = newest if _is_same(field, typed, was) else typed
        found.append(
            Entry(
                field=field,
                value=value,
                was=was,
                newest=newest,
                names=_names(context, table, field) if may_look else [],
                fixed=is_fixed(field),
            )
        )
    return found


def _names(context: Context, table: TableView, field: FieldView) -> list[str]:
    """Return what may be chosen: nothing where there are more than a list can show."""
    if field.kind not in NAMED:
        return []
    asked = ask(records.ListChoices, table=table.id, field=field.id, limit=MOST_NAMES)
    names = records.list_choices(context, asked).names
    return names if len(names) < MOST_NAMES else []


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
    found = _table(context, table)
    if record is None and Verb.CREATE not in found.may:
        raise NotAllowed(permission=Permission.RECORDS_CREATE.value)
    return page(
        request,
        "workspace/record.html",
        status=status,
        table=found,
        record=record,
        entries=_entries(context, found, record, data),
        errors=errors,
        conflict=conflict,
        may_edit=record is None or Verb.EDIT in found.may,
        may_delete=record is not None and Verb.DELETE in found.may,
    )


def record_pages() -> list[HTTPRouteHandler]:
    """Return the handlers of this module."""
    return [show_new, create, show_record, update, delete]
