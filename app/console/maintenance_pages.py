"""Maintenance access: windows opened for the vendor, and what was done through them."""

from typing import Any, Final

from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery

from app.core.errors import TenshuError
from app.core.messages import explain, mark, translate
from app.machine.errors import MachineError
from app.machine.operations import maintenance, recordings
from app.operations.permissions import Permission
from app.web.asking import AnyRequest
from app.web.design.address import change_query, one_of
from app.web.names import ACTORS
from app.web.pages import (
    Answer,
    ask,
    field_errors,
    go,
    here,
    need_sign_in,
    page,
    perform,
    read_form,
    result_of,
    show_result,
)
from app.web.routing import get, post
from app.web.shared_pages import Form
from appliance.contract.errors import BY_CODE
from appliance.contract.maintenance.state import Level, Window

PLACE: Final = "/maintenance"
PAGE: Final = 50
FIELD_OF: Final = {
    "maintenance.address_unreadable": "networks",
    "maintenance.address_too_wide": "networks",
    "maintenance.address_not_admitted": "networks",
    "maintenance.key_unreadable": "key",
    "maintenance.key_too_weak": "key",
    "maintenance.key_not_in_device": "key",
}
"""Where an answer of the machine stands in the form."""
ENDS: Final = {
    "none": mark("Open now"),
    "clock": mark("Its time was over"),
    "click": mark("Closed by somebody"),
    "restart": mark("The machine was started anew"),
    "restored": mark("The appliance was restored"),
    "failed": mark("Could not be opened"),
}
LEVELS: Final = {"look": mark("Look only"), "repair": mark("Repair")}
"""What the list can be narrowed to."""


@get(PLACE)
def show_windows(
    request: AnyRequest,
    q: FromQuery[str] = "",
    status: FromQuery[str] = "",
    level: FromQuery[str] = "",
    sort: FromQuery[str] = "",
) -> Answer:
    """Show what is open, and list the windows that there were."""
    context = need_sign_in(request)
    wanted = ask(
        maintenance.ListOfWindows,
        offset=_whole(request, "after"),
        text=q[:200],
        state=status if status in ENDS else "",
        level=level if level in LEVELS else "",
        order=one_of(sort, maintenance.Order),
    )
    try:
        found = maintenance.list_windows(context, wanted)
    except MachineError as error:
        message, hint = explain(context.language, error)
        return page(request, "console/maintenance_unavailable.html", message=message, hint=hint)
    why_not = None
    if found.unavailable:
        why_not = explain(context.language, MachineError(BY_CODE[found.unavailable](place="ssh")))
    path, after = here(request), wanted.offset + PAGE
    return page(
        request,
        "console/maintenance.html",
        found=found,
        asked=wanted,
        ends=_choices(context.language, ENDS),
        levels=_choices(context.language, LEVELS),
        set_filters=_set_filters(context.language, wanted),
        why_not=why_not,
        notice=request.query_params.get("notice", ""),
        next=change_query(path, after=after) if after < found.total else "",
        previous=change_query(path, after=max(0, wanted.offset - PAGE)) if wanted.offset else "",
        may_manage=context.actor.rights.allows(Permission.MACHINE_MANAGE),
    )


def _choices(language: str, words: dict[str, str]) -> list[tuple[str, str]]:
    return [(value, translate(language, word)) for value, word in words.items()]


def _set_filters(language: str, wanted: maintenance.ListOfWindows) -> list[tuple[str, str]]:
    """Return the filters that are set, by parameter, as they are shown."""
    found = [("q", f"“{wanted.text}”")] if wanted.text else []
    if wanted.state:
        found.append(("status", translate(language, ENDS[wanted.state])))
    if wanted.level:
        found.append(("level", translate(language, LEVELS[wanted.level])))
    return found


def _whole(request: AnyRequest, name: str) -> int:
    text = request.query_params.get(name, "0")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


@get("/maintenance/new")
def show_new_window(request: AnyRequest) -> Answer:
    """Show the form for a window."""
    need_sign_in(request).require(Permission.MACHINE_MANAGE)
    return page(request, "console/maintenance_new.html", values={}, errors={})


@post("/maintenance/new")
def open_window(request: AnyRequest, data: Form) -> Answer:
    """Ask for the second factor, where nothing stands against the window."""
    context = need_sign_in(request)
    context.require(Permission.MACHINE_MANAGE)
    repair = data.get("level") == Level.repair.value
    kind = maintenance.NewRepair if repair else maintenance.NewWindow
    operation = maintenance.open_to_repair if repair else maintenance.open_to_look
    try:
        wanted = read_form(kind, _fields(data))
        maintenance.require_possible(context, wanted)
        return perform(request, operation, wanted)
    except TenshuError as error:
        found = field_errors(context.language, error)
        if error.code in FIELD_OF:
            found = {FIELD_OF[error.code]: found[""]}
        return page(
            request,
            "console/maintenance_new.html",
            status=error.status,
            values=data,
            errors={name.partition("[")[0]: told for name, told in found.items()},
        )


def _fields(data: dict[str, Any]) -> dict[str, Any]:
    """Return the form's texts as the request has them."""
    lines = str(data.get("networks", "")).replace(",", "\n").split()
    return {
        **data,
        "who": str(data.get("who", "")).strip(),
        "why": str(data.get("why", "")).strip(),
        "key": str(data.get("key", "")).strip(),
        "networks": lines,
        "hardware": "hardware" in data,
    }


@result_of(maintenance.open_to_look)
@result_of(maintenance.open_to_repair)
def opened(request: AnyRequest, result: maintenance.OpenedNow) -> Answer:
    """Show what the vendor's person needs; a key that was made is shown only now."""
    return page(
        request,
        "console/maintenance_opened.html",
        window=result.window,
        port=result.port,
        private_key=result.private_key.reveal(),
    )


@get("/maintenance/{window:int}")
def show_window(request: AnyRequest, window: FromPath[int]) -> Answer:
    """Show one window with its sessions."""
    context = need_sign_in(request)
    which = ask(maintenance.WhichWindow, window=window)
    found = maintenance.get_window(context, which)
    checked = recordings.check_recordings(context, which)
    return page(
        request,
        "console/maintenance_window.html",
        found=found,
        conditions={one.session: one.condition.value for one in checked.items},
        actors=ACTORS,
        may_manage=context.actor.rights.allows(Permission.MACHINE_MANAGE),
    )


@post("/maintenance/{window:int}/close")
def close_window(request: AnyRequest, window: FromPath[int]) -> Answer:
    """Close a window."""
    need_sign_in(request).require(Permission.MACHINE_MANAGE)
    wanted = ask(maintenance.WhichWindow, window=window)
    return perform(request, maintenance.close_window, wanted)


@result_of(maintenance.close_window)
def closed(_request: AnyRequest, _result: Window) -> Answer:
    """Go back to the list."""
    return go(f"{PLACE}?notice=closed")


@get("/maintenance/{window:int}/sessions/{session:str}")
def show_recording(request: AnyRequest, window: FromPath[int], session: FromPath[str]) -> Answer:
    """Show what was typed and shown."""
    context = need_sign_in(request)
    offset = _whole(request, "offset")
    which = ask(recordings.WhichStretch, window=window, session=session, offset=offset)
    found = recordings.read_recording(context, which)
    return page(request, "console/maintenance_session.html", found=found, first=not offset)


@get("/maintenance/{window:int}/sessions/{session:str}/recording")
def download(request: AnyRequest, window: FromPath[int], session: FromPath[str]) -> Answer:
    """Download the recording."""
    which = ask(recordings.WhichRecording, window=window, session=session)
    result = recordings.download_recording(need_sign_in(request), which)
    return show_result(request, recordings.download_recording.name, result)


def maintenance_pages() -> list[HTTPRouteHandler]:
    """Return the handlers of this module."""
    return [
        show_windows, show_new_window, open_window, show_window, close_window, show_recording,
        download,
    ]  # fmt: skip
