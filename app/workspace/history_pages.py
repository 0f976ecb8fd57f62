"""The history of a record: what it held before, put back at a value or a version, and its proof."""

from typing import Any, Final

from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery

from app.core.errors import NotFound, TenshuError
from app.core.messages import mark
from app.services.tables.models import FieldKind
from app.services.tables.operations import proving, putting_back, record_history, tables
from app.services.tables.operations.proving import Verdict
from app.services.tables.rules import Verb
from app.services.tables.views import TableView
from app.web.asking import AnyRequest
from app.web.pages import Answer, ask, field_errors, go, need_sign_in, page
from app.web.routing import get, post
from app.web.shared_pages import Form
from app.workspace.differences import beside

ACTIONS: Final = {
    "create": mark("Record added"),
    "import": mark("Changed by an import"),
    "update": mark("Record changed"),
    "delete": mark("Record deleted"),
    "restore": mark("Record brought back"),
    "revert": mark("Put back: a whole change was taken back"),
    "undo": mark("Put back: the job was cancelled or failed"),
    "undo_delete": mark("Deleted: the job that added it was cancelled or failed"),
    "undo_restore": mark("Brought back: the job was cancelled or failed"),
}
"""What a change did, as people read it."""
IMPORTED: Final = mark("Added by an import")
DELETED_WITH: Final = mark("Deleted: a whole change was taken back")
WITH_TOKEN: Final = mark("with an API token")
VERDICTS: Final = {
    Verdict.COVERED: ("success", mark("Proven")),
    Verdict.WAITING: ("info", mark("Not sealed yet")),
    Verdict.NOT_COVERED: ("danger", mark("Not in the sealed history")),
    Verdict.ALTERED: ("danger", mark("Altered")),
    Verdict.UNKNOWN: ("neutral", mark("Cannot be checked")),
}
"""What is known of a state: colour of its chip, and the word on it."""
LONG: Final = frozenset({FieldKind.TEXT, FieldKind.LONG_TEXT, FieldKind.ADDRESS})


def action_words(entry: record_history.HistoryEntry) -> str:
    """Return what a change of a record did: a text of the catalogue."""
    if entry.state == 1 and entry.action == "import":
        return IMPORTED
    if entry.action == "delete" and entry.job:
        return DELETED_WITH
    return ACTIONS.get(entry.action, ACTIONS["update"])


@get("/tables/{table:int}/records/{record:int}/history")
def show_history(
    request: AnyRequest,
    table: FromPath[int],
    record: FromPath[int],
    after: FromQuery[int] = 0,
    check: FromQuery[str] = "",
    notice: FromQuery[str] = "",
) -> Answer:
    """Show what a record held before each of its changes."""
    return _page(request, table, record, after=after, check=check == "yes", notice=notice)


@get("/tables/{table:int}/records/{record:int}/history/{version:int}")
def show_version(
    request: AnyRequest, table: FromPath[int], record: FromPath[int], version: FromPath[int]
) -> Answer:
    """Show what of a former state would come back, before it does."""
    return _version_page(request, table, record, version, {})


@post("/tables/{table:int}/records/{record:int}/history/{version:int}")
def put_back(
    request: AnyRequest,
    table: FromPath[int],
    record: FromPath[int],
    version: FromPath[int],
    data: Form,
) -> Answer:
    """Put back one value, or all of a former state."""
    context = need_sign_in(request)
    field = str(data.get("field", ""))
    try:
        wanted = ask(
            putting_back.PutBack,
            table=table,
            record=record,
            rev=str(data.get("rev", "")),
            version=version,
            fields=[field] if field else [],
            leave=data.get("leave") == "yes",
        )
        done = putting_back.put_back(context, wanted)
    except NotFound:
        raise
    except TenshuError as error:
        errors = field_errors(context.language, error)
        if data.get("from") == "version":
            return _version_page(request, table, record, version, errors, error.status)
        return _page(request, table, record, errors=errors, status=error.status)
    notice = "restored" if done.restored else "back"
    return go(f"/tables/{table}/records/{record}/history?notice={notice}")


def _page(
    request: AnyRequest,
    table: int,
    record: int,
    *,
    after: int = 0,
    check: bool = False,
    notice: str = "",
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> Answer:
    context = need_sign_in(request)
    asked = ask(record_history.RecordHistoryAsked, table=table, record=record, after=after)
    found = record_history.record_history(context, asked)
    proof = None
    if check:
        proof = proving.prove_history(
            context, ask(proving.ProveHistory, table=table, record=record)
        )
    whole = tables.get_table(context, ask(tables.GetTable, table=table))
    return page(
        request,
        "workspace/record_history.html",
        status=status,
        table=whole,
        found=found,
        first=not after,
        words={one.state: action_words(one) for one in found.entries},
        sides={
            (one.state, value.field): beside(value.before, value.after)
            if value.kind in LONG
            else ([("same", value.before)], [("same", value.after)])
            for one in found.entries
            for value in one.values
        },
        with_token=WITH_TOKEN,
        proof=proof,
        proven={one.state: one for one in proof.states} if proof else {},
        verdicts=VERDICTS,
        notice=notice,
        errors=errors or {},
        **_rights(whole),
    )


def _version_page(
    request: AnyRequest,
    table: int,
    record: int,
    state: int,
    errors: dict[str, str],
    status: int = 200,
) -> Answer:
    context = need_sign_in(request)
    asked = ask(putting_back.BackAsked, table=table, record=record, version=state)
    plan = putting_back.preview_put_back(context, asked)
    fitting = [one for one in plan.steps if not one.reason]
    whole = tables.get_table(context, ask(tables.GetTable, table=table))
    return page(
        request,
        "workspace/record_version.html",
        status=status,
        table=whole,
        record=record,
        state=state,
        plan=plan,
        fitting=fitting,
        left=[one for one in plan.steps if one.reason],
        errors=errors,
        **_rights(whole),
    )


def _rights(table: TableView) -> dict[str, Any]:
    may_edit = Verb.EDIT in table.may
    return {"may_edit": may_edit, "may_restore": may_edit and Verb.DELETE in table.may}


def history_pages() -> list[HTTPRouteHandler]:
    """Return the handlers of this module."""
    return [show_history, show_version, put_back]
