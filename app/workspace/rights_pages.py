"""Who may do what with a table: the rules, one of them, and the table seen as somebody."""

from typing import Any, Final

import msgspec
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery

from app.core.errors import TenshuError
from app.core.messages import mark
from app.operations.context import Context
from app.services.tables.conditions import OWNERS
from app.services.tables.fields import SYSTEM
from app.services.tables.operations import rights, seeing_as, tables
from app.services.tables.operations.rights import RuleView, TableRights
from app.services.tables.operations.seeing_as import SeenAs
from app.services.tables.rules import Holder, RowsOf, Rule, Verb
from app.services.tables.views import FieldView
from app.web.asking import AnyRequest
from app.web.errors import PageNotFound
from app.web.pages import Answer, ask, field_errors, go, need_sign_in, page
from app.web.routing import get, post
from app.web.shared_pages import Form

VERBS: Final = {
    Verb.VIEW: mark("See records"),
    Verb.CREATE: mark("Add records"),
    Verb.EDIT: mark("Change records"),
    Verb.DELETE: mark("Delete records"),
    Verb.IMPORT: mark("Import records"),
    Verb.EXPORT: mark("Export records"),
    Verb.DESIGN: mark("Design the table"),
}
HOLDERS: Final = {
    Holder.EVERYBODY: mark("Everybody who works with tables"),
    Holder.GROUP: mark("A group"),
    Holder.ROLE: mark("A role"),
    Holder.PERSON: mark("A person"),
}
ROWS: Final = {
    RowsOf.ALL: mark("All records"),
    RowsOf.OWN: mark("Their own records"),
    RowsOf.GROUP: mark("Records of their groups"),
    RowsOf.VIEW: mark("The records of a view"),
}
MASKS: Final = {
    "write": mark("See and change"),
    "read": mark("Only see"),
    "hidden": mark("Hidden"),
}
NEW: Final = Rule(kind=Holder.GROUP, verbs=(Verb.VIEW,))
"""What the form for a new rule begins with."""


@get("/tables/{table:int}/rights")
def show_rights(
    request: AnyRequest,
    table: FromPath[int],
    notice: FromQuery[str] = "",
    person: FromQuery[str] = "",
) -> Answer:
    """Show the rules of a table, and what somebody reaches by them."""
    return _list_page(request, table, {}, person=person.strip(), notice=notice)


@get("/tables/{table:int}/rights/new")
def show_new_rule(request: AnyRequest, table: FromPath[int]) -> Answer:
    """Show the form for a new rule."""
    return _rule_page(request, table, None, {}, {})


@post("/tables/{table:int}/rights/new")
def add_rule(request: AnyRequest, table: FromPath[int], data: Form) -> Answer:
    """Add a rule to the others."""
    return _write(request, table, None, data)


@get("/tables/{table:int}/rights/{place:int}")
def show_rule(request: AnyRequest, table: FromPath[int], place: FromPath[int]) -> Answer:
    """Show one rule."""
    return _rule_page(request, table, place, {}, {})


@post("/tables/{table:int}/rights/{place:int}")
def change_rule(
    request: AnyRequest, table: FromPath[int], place: FromPath[int], data: Form
) -> Answer:
    """Write one rule in the place of what it was."""
    return _write(request, table, place, data)


@post("/tables/{table:int}/rights/{place:int}/remove")
def remove_rule(
    request: AnyRequest, table: FromPath[int], place: FromPath[int], data: Form
) -> Answer:
    """Take one rule away."""
    context, found = _found(request, table)
    rules = [one.rule for one in found.rules]
    if place >= len(rules):
        raise PageNotFound(path=f"/tables/{table}/rights/{place}")
    del rules[place]
    try:
        _set(context, table, data, rules)
    except TenshuError as error:
        errors = {"": " ".join(field_errors(context.language, error).values())}
        return _list_page(request, table, errors, status=error.status)
    return go(f"/tables/{table}/rights?notice=removed")


def _found(request: AnyRequest, table: int) -> tuple[Context, TableRights]:
    context = need_sign_in(request)
    return context, rights.table_rights(context, ask(rights.OfTable, table=table))


def _set(context: Context, table: int, data: dict[str, Any], rules: list[Rule]) -> None:
    told = [msgspec.to_builtins(one) for one in rules]
    asked = ask(rights.SetRules, table=table, rev=str(data.get("rev", "")), rules=told)
    rights.set_rights(context, asked)


def _write(request: AnyRequest, table: int, place: int | None, data: dict[str, Any]) -> Answer:
    context, found = _found(request, table)
    rules = [one.rule for one in found.rules]
    if place is not None and place >= len(rules):
        raise PageNotFound(path=f"/tables/{table}/rights/{place}")
    try:
        wanted = ask(Rule, **_said(data, found))
        if place is None:
            rules.append(wanted)
        else:
            rules[place] = wanted
        _set(context, table, data, rules)
    except TenshuError as error:
        told = field_errors(context.language, error)
        errors = {_place_of(name, str(data.get("kind", ""))): text for name, text in told.items()}
        return _rule_page(request, table, place, data, errors, error.status)
    return go(f"/tables/{table}/rights?notice={'saved' if place is not None else 'added'}")


def _place_of(name: str, kind: str) -> str:
    """Return where the form shows an error: what the operation names inside a list has no place."""
    if name == "holder":
        return f"holder-{kind}" if kind in ("group", "role", "person") else ""
    return name if name in ("kind", "verbs", "rows", "view", "by") else ""


def _several(given: Any) -> list[str]:  # noqa: ANN401 - one text of a form, or several
    return [str(one) for one in given] if isinstance(given, list) else [str(given)]


def masked(found: TableRights) -> list[FieldView]:
    """Return the fields that a rule may hide: who and when stand at each record anyway."""
    return [one for one in found.fields if one.kind not in SYSTEM]


def _said(data: dict[str, Any], found: TableRights) -> dict[str, Any]:
    """Return what a form says of a rule."""
    kind, rows = str(data.get("kind", "")), str(data.get("rows", ""))
    masks = {one.id: str(data.get(f"m{one.id}", "write")) for one in masked(found)}
    return {
        "kind": kind,
        "holder": str(data.get(f"holder-{kind}", "")).strip(),
        "verbs": _several(data["verbs"]) if "verbs" in data else [],
        "rows": rows,
        "by": str(data.get("by", "") or 0) if rows in (RowsOf.OWN, RowsOf.GROUP) else 0,
        "view": str(data.get("view", "") or 0) if rows == RowsOf.VIEW else 0,
        "hidden": [number for number, mask in masks.items() if mask == "hidden"],
        "read": [number for number, mask in masks.items() if mask == "read"],
    }


def _rule_page(
    request: AnyRequest,
    table: int,
    place: int | None,
    data: dict[str, Any],
    errors: dict[str, str],
    status: int = 200,
) -> Answer:
    """Show the form of a rule, with what was typed."""
    context, found = _found(request, table)
    shown = RuleView(rule=NEW, name="", stands=True)
    if place is not None:
        if place >= len(found.rules):
            raise PageNotFound(path=f"/tables/{table}/rights/{place}")
        shown = found.rules[place]
    said = msgspec.to_builtins(shown.rule) | {"by": shown.rule.by, "view": shown.rule.view}
    said["rows"] = shown.rule.rows.value
    holder = shown.name if shown.rule.kind is Holder.PERSON else shown.rule.holder
    masks = dict.fromkeys(shown.rule.hidden, "hidden") | dict.fromkeys(shown.rule.read, "read")
    if data:
        said = _said(data, found)
        holder = said["holder"]
        masks = dict.fromkeys(said["hidden"], "hidden") | dict.fromkeys(said["read"], "read")
    return page(
        request,
        "workspace/right.html",
        status=status,
        table=tables.get_table(context, ask(tables.GetTable, table=table)),
        found=found,
        masked=masked(found),
        place=place,
        said=said,
        holder=holder,
        masks=masks,
        owners=[one for one in found.fields if one.kind in OWNERS],
        verbs=VERBS,
        holders=HOLDERS,
        rows=ROWS,
        mask_names=MASKS,
        errors=errors,
    )


def _list_page(
    request: AnyRequest,
    table: int,
    errors: dict[str, str],
    *,
    person: str = "",
    notice: str = "",
    status: int = 200,
) -> Answer:
    context, found = _found(request, table)
    seen: SeenAs | None = None
    if person:
        try:
            seen = seeing_as.see_as(context, ask(seeing_as.SeeAs, table=table, person=person))
        except TenshuError as error:
            errors = {**errors, "person": " ".join(field_errors(context.language, error).values())}
            status = error.status
    return page(
        request,
        "workspace/rights.html",
        status=status,
        table=tables.get_table(context, ask(tables.GetTable, table=table)),
        found=found,
        names={one.id: one.name for one in found.fields},
        views={int(one.id): one.name for one in found.views},
        verbs=VERBS,
        rows=ROWS,
        holders=HOLDERS,
        person=person,
        seen=seen,
        notice=notice,
        errors=errors,
    )


def rights_pages() -> list[HTTPRouteHandler]:
    """Return the handlers of this module."""
    return [show_rights, show_new_rule, add_rule, show_rule, change_rule, remove_rule]
