"""Arranging what a table's page shows, and saving it as a view."""

from typing import Any

import msgspec
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery

from app.core.errors import Conflict, InvalidInput, TenshuError
from app.operations.context import Context
from app.services.tables.conditions import comparisons_of
from app.services.tables.definition import PLAIN, Definition
from app.services.tables.operations import saved_views, sharing, tables
from app.services.tables.operations.saved_views import ViewOfRows
from app.services.tables.saved_views import Shared
from app.services.tables.selection import MOST_SORTS, check_size
from app.services.tables.spans import COUNTED
from app.services.tables.types.registry import TYPES, is_many
from app.services.tables.views import FieldView, TableView
from app.web.asking import AnyRequest
from app.web.pages import Answer, ask, field_errors, go, need_sign_in, page
from app.web.routing import get, post
from app.web.shared_pages import Form
from app.workspace.arrange_form import Draft, definition_of, of_definition, of_form, owners
from app.workspace.condition_words import COLOURS, HOWS, MISFITS, SPANS, TESTS
from app.workspace.table_state import State, read_state, write_sorts, write_sums, write_where


@get("/tables/{table:int}/arrange")
def show_arrange(request: AnyRequest, table: FromPath[int]) -> Answer:
    """Show what the page shows, to be arranged."""
    context, state = need_sign_in(request), read_state(request.query_params)
    whole, view = _table(context, table), _view(context, table, state.view)
    errors: dict[str, str] = {}
    shape = view.definition if view else PLAIN
    try:
        shape = state.over(shape)
    except InvalidInput as error:
        errors = field_errors(context.language, error)
    draft = of_definition(shape, whole.fields)
    return _page(request, whole, view, draft, state, _head(view), errors)


@post("/tables/{table:int}/arrange")
def arrange(request: AnyRequest, table: FromPath[int], data: Form) -> Answer:
    """Draw the form anew after a button in it; show the rows, or save them as a view."""
    context, state = need_sign_in(request), read_state(data)
    whole = _table(context, table)
    view = _view(context, table, state.view)
    draft, do = of_form(data, whole.fields), str(data.get("do", ""))
    head = {name: data.get(name, "") for name in ("name", "shared", "groups", "rev")}
    try:
        if do == "show":
            return go(_address(table, state, definition_of(draft, whole.fields), whole.fields))
        if do in ("save", "copy"):
            number = _save(context, table, view if do == "save" else None, draft, whole, data)
            return go(f"/tables/{table}?view={number}&notice=view-saved")
    except TenshuError as error:
        errors = _errors(field_errors(context.language, error))
        if isinstance(error, Conflict) and view is not None:  # the newest state is what follows
            head["rev"] = view.rev
        return _page(request, whole, view, draft, state, head, errors, error.status)
    return _page(request, whole, view, draft, state, head, {})


def _address(table: int, state: State, shape: Definition, fields: list[FieldView]) -> str:
    """Return where the rows are shown as the form says. Raise InvalidInput."""
    check_size(shape.where)
    usual = [one.id for one in fields if not one.settings.hidden]
    shown = State(view=state.view, q=state.q)
    return shown.address(
        table,
        where=write_where(shape.where) if shape.where or state.view else "",
        sort=write_sorts(shape.sorts) or ("0" if state.view else ""),
        cols=",".join(map(str, shape.columns or (usual if state.view else ()))),
        group=str(shape.group) if shape.group or state.view else "",
        sums=write_sums(shape.sums),
    )


def _save(
    context: Context,
    table: int,
    view: ViewOfRows | None,
    draft: Draft,
    whole: TableView,
    data: dict[str, Any],
) -> int:
    """Write the view; return its number."""
    groups = data.get("groups", [])
    shared = str(data.get("shared", Shared.NOBODY.value))
    said = {
        "table": table,
        "name": str(data.get("name", "")).strip(),
        "shared": shared,
        "groups": (groups if isinstance(groups, list) else [groups]) if shared == "groups" else [],
        # as plain values, so that each is held to its limits
        "definition": msgspec.to_builtins(definition_of(draft, whole.fields)),
    }
    if view is None:
        return saved_views.create_view(context, ask(saved_views.CreateView, **said)).id
    rev = str(data.get("rev", ""))
    wanted = ask(saved_views.ChangeView, view=view.id, rev=rev, **said)
    return saved_views.change_view(context, wanted).id


def _errors(errors: dict[str, str]) -> dict[str, str]:
    """Return errors at the form's own fields; conditions name the field that they ask."""
    found = {}
    for name, text in errors.items():
        if name in ("name", "groups", "shared", ""):
            found[name] = text
        else:
            is_place = name.partition(".")[0] in ("definition", "where", "columns", "sums")
            found[""] = text if is_place else f"{name}: {text}"
    return found


@post("/tables/{table:int}/views/{view:int}/delete")
def delete_view(
    request: AnyRequest, table: FromPath[int], view: FromPath[int], data: Form
) -> Answer:
    """Delete a view; the list of views offers to bring it back."""
    context = need_sign_in(request)
    wanted = ask(saved_views.OneView, table=table, view=view, rev=str(data.get("rev", "")))
    saved_views.delete_view(context, wanted)
    return go(f"/tables/{table}/views?notice=deleted")


@post("/tables/{table:int}/views/{view:int}/restore")
def restore_view(
    request: AnyRequest, table: FromPath[int], view: FromPath[int], data: Form
) -> Answer:
    """Bring a deleted view back."""
    context = need_sign_in(request)
    wanted = ask(saved_views.OneView, table=table, view=view, rev=str(data.get("rev", "")))
    saved_views.restore_view(context, wanted)
    return go(f"/tables/{table}?view={view}&notice=view-restored")


@get("/tables/{table:int}/views")
def show_views(request: AnyRequest, table: FromPath[int], notice: FromQuery[str] = "") -> Answer:
    """Show the views of a table, and the deleted ones that can be brought back."""
    context = need_sign_in(request)
    whole = _table(context, table)
    there, gone = (
        saved_views.list_views(
            context, ask(saved_views.ListViews, table=table, deleted=deleted)
        ).views
        for deleted in (False, True)
    )
    return page(
        request,
        "workspace/views.html",
        table=whole,
        views=there,
        gone=[one for one in gone if one.may_change],
        notice=notice,
    )


def _table(context: Context, table: int) -> TableView:
    return tables.get_table(context, ask(tables.GetTable, table=table))


def _view(context: Context, table: int, view: int) -> ViewOfRows | None:
    if not view:
        return None
    return saved_views.get_view(context, ask(saved_views.GetView, table=table, view=view))


def _head(view: ViewOfRows | None) -> dict[str, Any]:
    if view is None:
        return {"name": "", "shared": Shared.NOBODY.value, "groups": [], "rev": ""}
    return {
        "name": view.name,
        "shared": view.shared.value,
        "groups": list(view.groups),
        "rev": view.rev,
    }


def _page(
    request: AnyRequest,
    table: TableView,
    view: ViewOfRows | None,
    draft: Draft,
    state: State,
    head: dict[str, Any],
    errors: dict[str, str],
    status: int = 200,
) -> Answer:
    context = need_sign_in(request)
    may = sharing.sharing(context, ask(sharing.SharingOf, table=table.id))
    groups = head.get("groups") or []
    return page(
        request,
        "workspace/arrange.html",
        status=status,
        table=table,
        view=view,
        draft=draft,
        state=state,
        head={**head, "groups": groups if isinstance(groups, list) else [groups]},
        errors=errors,
        by_id={one.id: one for one in table.fields},
        single=[one for one in table.fields if not is_many(one)],  # type: ignore[arg-type]
        number_fields=[one for one in table.fields if TYPES[one.kind].is_number],
        owners=owners(table.fields),
        comparisons_of=comparisons_of,
        test_words=TESTS,
        spans=SPANS,
        counted=COUNTED,
        hows=HOWS,
        colours=COLOURS,
        misfit_words=MISFITS,
        most_sorts=MOST_SORTS,
        sharing=may,
        back=state.address(table.id),
    )


def arrange_pages() -> list[HTTPRouteHandler]:
    """Return the handlers of this module."""
    return [show_arrange, arrange, delete_view, restore_view, show_views]
