"""The fields of a table: the list, a new one, one of them, and another type for it."""

from typing import Any, Final

from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery

from app.core.errors import Conflict, TenshuError
from app.operations.context import Context
from app.operations.errors import NotAllowed
from app.operations.permissions import Permission
from app.services.tables.designing import can_be_converted
from app.services.tables.fields import LONGEST_OPTION
from app.services.tables.models import FieldKind, TableState
from app.services.tables.operations import fields, retyping, tables
from app.services.tables.rules import Verb
from app.services.tables.types.numbers import CURRENCIES, usual_scale
from app.services.tables.types.registry import TYPES
from app.services.tables.views import FieldView, TableView
from app.web.asking import AnyRequest
from app.web.errors import PageNotFound
from app.web.pages import Answer, ask, field_errors, go, need_sign_in, page
from app.web.routing import get, post
from app.web.shared_pages import Form

TICKS: Final = ("required", "unique", "hidden")
TEXTS: Final = ("help", "default", "least", "most", "pattern")


@get("/tables/{table:int}/fields")
def show_fields(request: AnyRequest, table: FromPath[int], notice: FromQuery[str] = "") -> Answer:
    """Show the fields of a table, and those that can be brought back."""
    context, found = _designed(request, table)
    gone = fields.list_deleted_fields(context, ask(fields.ListDeletedFields, table=table))
    return page(
        request,
        "workspace/fields.html",
        table=found,
        types=TYPES,
        gone=gone.items,
        notice=notice,
        errors={},
    )


@get("/tables/{table:int}/fields/new")
def show_new_field(request: AnyRequest, table: FromPath[int], kind: FromQuery[str] = "") -> Answer:
    """Let a person choose a type, then ask for the rest."""
    _, found = _designed(request, table)
    if kind not in set(FieldKind):
        return page(request, "workspace/field_kinds.html", table=found, types=TYPES, errors={})
    return _form(request, found, None, FieldKind(kind), {}, {})


@post("/tables/{table:int}/fields/new")
def add_field(request: AnyRequest, table: FromPath[int], data: Form) -> Answer:
    """Add the field."""
    context, _ = _designed(request, table)
    kind = _kind(data)
    try:
        wanted = ask(
            fields.AddField,
            table=table,
            rev=str(data.get("rev", "")),
            name=str(data.get("name", "")).strip(),
            kind=kind.value,
            scale=_scale(data, kind),
            settings=_settings(kind, data, None),
        )
        fields.add_field(context, wanted)
    except TenshuError as error:
        errors = _at_fields(field_errors(context.language, error))
        _, newest = _designed(request, table)
        return _form(request, newest, None, kind, data, errors, error.status)
    return go(f"/tables/{table}/fields?notice=added")


@get("/tables/{table:int}/fields/{field:int}")
def show_field(request: AnyRequest, table: FromPath[int], field: FromPath[int]) -> Answer:
    """Show what was chosen for a field."""
    _, found = _designed(request, table)
    one = _field(found, field)
    return _form(request, found, one, one.kind, {}, {})


@post("/tables/{table:int}/fields/{field:int}")
def change_field(
    request: AnyRequest, table: FromPath[int], field: FromPath[int], data: Form
) -> Answer:
    """Write what was chosen for a field."""
    context, found = _designed(request, table)
    one = _field(found, field)
    try:
        wanted = ask(
            fields.ChangeField,
            table=table,
            rev=str(data.get("rev", "")),
            field=field,
            name=str(data.get("name", "")).strip(),
            settings=_settings(one.kind, data, one),
        )
        fields.change_field(context, wanted)
    except TenshuError as error:
        errors = _at_fields(field_errors(context.language, error))
        _, newest = _designed(request, table)
        return _form(request, newest, _field(newest, field), one.kind, data, errors, error.status)
    return go(f"/tables/{table}/fields?notice=saved")


@post("/tables/{table:int}/fields/{field:int}/move")
def move_field(
    request: AnyRequest, table: FromPath[int], field: FromPath[int], data: Form
) -> Answer:
    """Put a field one place up or down."""
    context, found = _designed(request, table)
    order = [one.id for one in found.fields]
    place = order.index(_field(found, field).id)
    other = place + (1 if data.get("to") == "down" else -1)
    if 0 <= other < len(order):
        order[place], order[other] = order[other], order[place]
    rev = str(data.get("rev", ""))
    fields.order_fields(context, ask(fields.OrderFields, table=table, rev=rev, fields=order))
    return go(f"/tables/{table}/fields")


@post("/tables/{table:int}/fields/{field:int}/delete")
def delete_field(
    request: AnyRequest, table: FromPath[int], field: FromPath[int], data: Form
) -> Answer:
    """Delete a field; the next page offers to bring it back."""
    context, found = _designed(request, table)
    rev = str(data.get("rev", ""))
    try:
        fields.delete_field(context, ask(fields.OneField, table=table, rev=rev, field=field))
    except TenshuError as error:
        one = _field(found, field)
        errors = {"": "".join(field_errors(context.language, error).values())}
        return _form(request, found, one, one.kind, {}, errors, error.status)
    return go(f"/tables/{table}/fields?notice=deleted")


@post("/tables/{table:int}/fields/{field:int}/restore")
def restore_field(
    request: AnyRequest, table: FromPath[int], field: FromPath[int], data: Form
) -> Answer:
    """Bring a deleted field back."""
    context, _ = _designed(request, table)
    rev = str(data.get("rev", ""))
    fields.restore_field(context, ask(fields.OneField, table=table, rev=rev, field=field))
    return go(f"/tables/{table}/fields?notice=restored")


@get("/tables/{table:int}/fields/{field:int}/type")
def show_type(
    request: AnyRequest,
    table: FromPath[int],
    field: FromPath[int],
    kind: FromQuery[str] = "",
    scale: FromQuery[str] = "",
) -> Answer:
    """Let a person choose another type, and show what would become of the values."""
    return _type_page(request, table, field, {"kind": kind, "scale": scale}, {})


@post("/tables/{table:int}/fields/{field:int}/type")
def change_type(
    request: AnyRequest, table: FromPath[int], field: FromPath[int], data: Form
) -> Answer:
    """Start the change that the page showed."""
    context, _ = _designed(request, table)
    try:
        started = retyping.change_type(
            context, ask(retyping.ChangeType, **_wanted(table, field, data), **_seen(data))
        )
    except TenshuError as error:
        errors = _at_fields(field_errors(context.language, error))
        return _type_page(request, table, field, data, errors, error.status)
    return go(f"/jobs/{started.job}")


@post("/tables/{table:int}/fields/{field:int}/type/undo")
def undo_type(
    request: AnyRequest, table: FromPath[int], field: FromPath[int], data: Form
) -> Answer:
    """Start the way back to the former type."""
    context, _ = _designed(request, table)
    try:
        started = retyping.undo_type(
            context, ask(retyping.UndoType, table=table, field=field, **_seen(data))
        )
    except Conflict as error:
        errors = _at_fields(field_errors(context.language, error))
        return _type_page(request, table, field, {}, errors, error.status)
    return go(f"/jobs/{started.job}")


def _designed(request: AnyRequest, table: int) -> tuple[Context, TableView]:
    """Return the table, for those who design it."""
    context = need_sign_in(request)
    found = tables.get_table(context, ask(tables.GetTable, table=table))
    if Verb.DESIGN not in found.may:
        raise NotAllowed(permission=Permission.TABLES_DESIGN.value)
    return context, found


def _field(table: TableView, field: int) -> FieldView:
    found = next((one for one in table.fields if one.id == field), None)
    if found is None:
        raise PageNotFound
    return found


def _kind(data: dict[str, Any]) -> FieldKind:
    known = str(data.get("kind", ""))
    return FieldKind(known) if known in set(FieldKind) else FieldKind.TEXT


def _scale(data: dict[str, Any], kind: FieldKind) -> str:
    """Return the decimals; those that amounts of the currency have where nobody said."""
    typed = str(data.get("scale", "")).strip()
    if typed or kind is not FieldKind.MONEY:
        return typed or "0"
    currency = str(data.get("currency", "JPY"))
    return str(usual_scale(currency) if currency in CURRENCIES else 0)


def _settings(kind: FieldKind, data: dict[str, Any], known: FieldView | None) -> dict[str, Any]:
    """Return what a form chooses: what a type does not take is not asked for."""
    takes = TYPES[kind].takes
    chosen: dict[str, Any] = {name: name in data for name in TICKS if name in takes}
    chosen |= {name: str(data.get(name, "")).strip() for name in TEXTS if name in takes}
    for name in ("currency", "restart"):
        if name in takes and name in data:
            chosen[name] = str(data[name])
    if "pattern" in chosen:
        chosen["pattern"] = chosen["pattern"] or "{0}"
    if "target" in takes:
        chosen["target"] = known.settings.target if known else str(data.get("target", "") or "0")
    if "options" in takes:
        chosen["options"] = _options(data, known)
    return chosen


def _options(data: dict[str, Any], known: FieldView | None) -> list[dict[str, Any]]:
    """Return the choices: those that stay, under their names of now, and new ones, a line each."""
    stay = [
        {"id": one.id, "name": name}
        for one in (known.settings.options if known else ())
        if not one.gone and (name := str(data.get(f"option-{one.id}", one.name)).strip())
    ]
    lines = str(data.get("options", "")).splitlines()
    return stay + [{"id": 0, "name": name} for line in lines if (name := line.strip())]


def _wanted(table: int, field: int, data: dict[str, Any]) -> dict[str, Any]:
    """Return which type a form asks for, with what a change of type cannot do without."""
    kind = _kind(data)
    takes = TYPES[kind].takes
    settings: dict[str, Any] = {}
    if "currency" in takes:
        settings["currency"] = str(data.get("currency", "JPY")) or "JPY"
    scale = _scale(data, kind) if TYPES[kind].has_scale else "0"
    return {
        "table": table,
        "field": field,
        "kind": kind.value,
        "scale": scale,
        "settings": settings,
    }


def _seen(data: dict[str, Any]) -> dict[str, Any]:
    return {name: str(data.get(name, "")) for name in ("rev", "accepting")}


def _at_fields(errors: dict[str, str]) -> dict[str, str]:
    """Return errors at the controls of the form: operations name them by their path."""
    return {
        name.removeprefix("settings.").partition("[")[0].partition(".")[0]: text
        for name, text in errors.items()
    }


def _form(
    request: AnyRequest,
    table: TableView,
    field: FieldView | None,
    kind: FieldKind,
    data: dict[str, Any],
    errors: dict[str, str],
    status: int = 200,
) -> Answer:
    context = need_sign_in(request)
    found = tables.list_tables(context, tables.ListTables()).tables
    return page(
        request,
        "workspace/field.html",
        status=status,
        table=table,
        field=field,
        kind=kind.value,
        type=TYPES[kind],
        data=data,
        errors=errors,
        currencies=CURRENCIES,
        linkable=[one for one in found if one.state is TableState.READY],
        longest_option=LONGEST_OPTION,
        convertible=can_be_converted(kind),
    )


def _type_page(
    request: AnyRequest,
    table: int,
    field: int,
    data: dict[str, Any],
    errors: dict[str, str],
    status: int = 200,
) -> Answer:
    context, found = _designed(request, table)
    one = _field(found, field)
    seen = undone = None
    if str(data.get("kind", "")) in set(FieldKind):
        try:
            asked = ask(retyping.PreviewType, **_wanted(table, field, data))
            seen = retyping.preview_type(context, asked)
        except TenshuError as error:
            errors = errors or _at_fields(field_errors(context.language, error))
            status = error.status if status == 200 else status
    else:
        undone = _former(context, table, field)
    return page(
        request,
        "workspace/field_type.html",
        status=status,
        table=found,
        field=one,
        types={kind: found for kind, found in TYPES.items() if _may_become(kind)},
        data=data,
        seen=seen,
        undone=undone,
        all_types=TYPES,
        errors=errors,
        currencies=CURRENCIES,
        decimals=[kind.value for kind, found in TYPES.items() if found.has_scale],
    )


def _may_become(kind: FieldKind) -> bool:
    return not TYPES[kind].by_appliance and "target" not in TYPES[kind].takes


def _former(context: Context, table: int, field: int) -> retyping.TypePreview | None:
    """Return what the way back to the former type would bring; None where there is none."""
    try:
        asked = ask(retyping.PreviewUndo, table=table, field=field)
        return retyping.preview_undo_type(context, asked)
    except TenshuError:
        return None  # there is no former type, or a job is changing it: the page tells that


def field_pages() -> list[HTTPRouteHandler]:
    """Return the handlers of this module."""
    return [
        show_fields,
        show_new_field,
        add_field,
        show_field,
        change_field,
        move_field,
        delete_field,
        restore_field,
        show_type,
        change_type,
        undo_type,
    ]
