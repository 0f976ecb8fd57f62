"""The history of a table, and taking back a whole import or another change of it."""

from typing import Final

from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery

from app.core.errors import TenshuError
from app.core.messages import mark
from app.services.tables.operations import reverting, table_history, tables
from app.services.tables.rules import Verb
from app.web.asking import AnyRequest
from app.web.days import day_begins, day_is_over
from app.web.pages import Answer, ask, field_errors, go, need_sign_in, page, perform, result_of
from app.web.routing import get, post
from app.web.shared_pages import Form
from app.workspace.history_pages import WITH_TOKEN

LINES: Final = {
    "create": mark("Record added"),
    "import": mark("Rows imported"),
    "update": mark("Record changed"),
    "delete": mark("Record deleted"),
    "restore": mark("Record brought back"),
    "revert": mark("A whole change taken back"),
    "undo": mark("Cancelled or failed, and taken back"),
}
COUNTS: Final = {
    "added": mark("{count} added"),
    "changed": mark("{count} changed"),
    "deleted": mark("{count} deleted"),
    "restored": mark("{count} brought back"),
    "taken_back": mark("{count} left as they were"),
}


def line_words(line: table_history.ChangeLine) -> str:
    """Return what a line of the history did: a text of the catalogue."""
    if line.action.startswith("undo"):
        return LINES["undo"]
    if line.job and line.action in ("delete", "restore"):
        return LINES["revert"]
    return LINES.get(line.action, LINES["update"])


@get("/tables/{table:int}/history")
def show_changes(
    request: AnyRequest,
    table: FromPath[int],
    person: FromQuery[str] = "",
    field: FromQuery[int] = 0,
    since: FromQuery[str] = "",
    until: FromQuery[str] = "",
    after: FromQuery[str] = "",
) -> Answer:
    """Show what was done to the records of a table."""
    context = need_sign_in(request)
    found, errors, status = None, dict[str, str](), 200
    try:
        wanted = ask(
            table_history.TableHistoryAsked,
            table=table,
            person=person,
            field=field,
            since=day_begins(request, "since", since) or 0,
            until=day_is_over(request, "until", until) or 0,
            after=after,
        )
        found = table_history.table_history(context, wanted)
    except TenshuError as error:
        if error.status != 422:
            raise
        errors, status = field_errors(context.language, error), error.status
    whole = tables.get_table(context, ask(tables.GetTable, table=table))
    lines = found.lines if found else []
    return page(
        request,
        "workspace/table_history.html",
        status=status,
        table=whole,
        lines=lines,
        after=found.after if found else "",
        words={one.what: line_words(one) for one in lines},
        counts=COUNTS,
        with_token=WITH_TOKEN,
        chosen={"person": person, "field": field, "since": since, "until": until},
        narrowed=bool(person or field or since or until),
        errors=errors,
        may_revert={Verb.EDIT, Verb.DELETE} <= set(whole.may),
    )


@get("/tables/{table:int}/changes/{what:str}")
def show_revert(request: AnyRequest, table: FromPath[int], what: FromPath[str]) -> Answer:
    """Show what taking a change back would do; nothing is written."""
    return _revert_page(request, table, what, {})


@post("/tables/{table:int}/changes/{what:str}")
def start_revert(
    request: AnyRequest, table: FromPath[int], what: FromPath[str], data: Form
) -> Answer:
    """Take a change back, in the background."""
    context = need_sign_in(request)
    given = data.get("despite", [])
    despite = given if isinstance(given, list) else [given]
    try:
        wanted = ask(
            reverting.Revert,
            table=table,
            what=what,
            despite=despite,
            despite_all=data.get("despite_all") == "yes",
        )
        return perform(request, reverting.revert, wanted)
    except TenshuError as error:
        errors = field_errors(context.language, error)
        return _revert_page(request, table, what, errors, error.status)


@result_of(reverting.revert)
def revert_started(_request: AnyRequest, result: reverting.RevertStarted) -> Answer:
    """Go to the job."""
    return go(f"/jobs/{result.job}")


def _revert_page(
    request: AnyRequest, table: int, what: str, errors: dict[str, str], status: int = 200
) -> Answer:
    context = need_sign_in(request)
    seen = reverting.preview_revert(context, ask(reverting.PreviewRevert, table=table, what=what))
    asked = ask(table_history.TableHistoryAsked, table=table, what=what, limit=1)
    lines = table_history.table_history(context, asked).lines
    return page(
        request,
        "workspace/table_revert.html",
        status=status,
        table=tables.get_table(context, ask(tables.GetTable, table=table)),
        what=what,
        seen=seen,
        line=lines[0] if lines else None,
        word=line_words(lines[0]) if lines else "",
        nothing=not (seen.counts.reverted or seen.counts.removed or seen.counts.restored),
        can_overrule=any(one.can_be_overruled for one in seen.obstacles),
        errors=errors,
    )


def change_pages() -> list[HTTPRouteHandler]:
    """Return the handlers of this module."""
    return [show_changes, show_revert, start_revert]
