"""The operation history: search, one event, export."""

from typing import Any
from urllib.parse import urlencode

from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from app.audit.event import Outcome
from app.core.messages import translate
from app.history import operations as history
from app.history.kinds import Kind
from app.operations.context import Context
from app.operations.operation import NoRequest
from app.operations.permissions import Permission
from app.web.asking import AnyRequest
from app.web.days import day_begins, day_is_over
from app.web.error_words import explain_code
from app.web.meanings import meanings
from app.web.names import ACTORS, FIELDS, SCREENS, TARGETS, VALUES
from app.web.pages import (
    Answer,
    ask,
    go,
    need_sign_in,
    page,
    part,
    perform,
    result_of,
)
from app.web.routing import get, post
from app.web.shared_pages import Form

FILTERS = ("q", "kind", "verb", "actor", "outcome", "from", "to", "target")


@get("/history")
def show_history(request: AnyRequest) -> Answer:
    """Show a page of the history; the address keeps what is looked for."""
    context = need_sign_in(request)
    asked = {name: request.query_params.get(name, "") for name in FILTERS}
    wanted = _search(request, asked, after=request.query_params.get("after", ""))
    found = history.search_events(context, wanted)
    following = urlencode(
        {**{name: text for name, text in asked.items() if text}, "after": found.next}
    )
    return page(
        request,
        "console/history.html",
        found=found,
        asked=asked,
        next=f"/history?{following}" if found.next else "",
        verbs=sorted(meanings()),
        actors=ACTORS,
        targets=TARGETS,
        meanings=meanings(),
        reasons={
            row.error: explain_code(context.language, row.error) for row in found.rows if row.error
        },
        outcomes=list(Outcome),
        kinds=list(Kind),
        may_export=context.actor.rights.allows(Permission.AUDIT_EXPORT),
        **_verification(request, context),
    )


@get("/history/verification")
def show_verification(request: AnyRequest) -> Answer:
    """Return how far the verification is, for a page that refreshes it."""
    context = need_sign_in(request)
    shown = _verification(request, context)
    return part(request, "console/verification.html", whole="/history", **shown)


@post("/history/verify")
def verify_now(request: AnyRequest) -> Answer:
    """Ask for a verification."""
    need_sign_in(request)
    return perform(request, history.verify_history, NoRequest())


@result_of(history.verify_history)
def verification_asked(_request: AnyRequest, result: history.VerificationAsked) -> Answer:
    """Go back to the history, which shows the progress."""
    return go(f"/history?newest={result.newest}")


def _verification(request: AnyRequest, context: Context) -> dict[str, Any]:
    """Return what the block about the verification shows.

    The address says which result was known when another was asked for: until there is a newer one
    the page waits for it.
    """
    inspection = history.show_inspection(context, NoRequest())
    latest, newest = inspection.latest, request.query_params.get("newest", "")
    known = latest.at if latest else 0
    waits = newest.isascii() and newest.isdigit() and int(newest[:18]) >= known
    return {
        "inspection": inspection,
        "awaited": newest if waits else "",
        "wrong": translate(context.language, latest.template, **latest.parameters)
        if latest
        else "",
    }


@get("/history/{event:str}")
def show_event(request: AnyRequest, event: FromPath[str]) -> Answer:
    """Show one event with its values."""
    context = need_sign_in(request)
    found = history.get_event(context, ask(history.OneEvent, event=event))
    names = sorted(found.before.keys() | found.after.keys())
    changes = [(name, found.before.get(name), found.after.get(name)) for name in names]
    return page(
        request,
        "console/event.html",
        found=found,
        changes=changes,
        meanings=meanings(),
        actors=ACTORS,
        fields=FIELDS,
        values=VALUES,
        targets=TARGETS,
        screens=SCREENS,
        reason=explain_code(context.language, found.row.error) if found.row.error else "",
    )


@post("/history/export")
def export_history(request: AnyRequest, data: Form) -> Answer:
    """Hand out what the list shows."""
    need_sign_in(request)
    asked = {name: str(data.get(name, "")) for name in FILTERS}
    searched = _search(request, asked, after="")
    form: Any = "jsonl" if data.get("form") == "jsonl" else "csv"
    fields = {name: getattr(searched, name) for name in searched.__struct_fields__}
    return perform(request, history.export_events, ask(history.ExportEvents, **fields, form=form))


def _search(request: AnyRequest, asked: dict[str, str], after: str) -> history.SearchEvents:
    """Return the search of an address. Raise InvalidInput for a day that is none."""
    outcome = asked["outcome"]
    return ask(
        history.SearchEvents,
        text=asked["q"][:200],
        kind=Kind(asked["kind"]) if asked["kind"] in tuple(Kind) else None,
        verb=asked["verb"][:64],
        actor=asked["actor"][:64],
        target=asked["target"][:128],
        outcome=Outcome(outcome) if outcome in tuple(Outcome) else None,
        since=day_begins(request, "from", asked["from"]),
        until=day_is_over(request, "to", asked["to"]),
        after=after,
    )


def history_pages() -> list[HTTPRouteHandler]:
    """Return the handlers of this module."""
    return [show_history, show_verification, verify_now, show_event, export_history]
