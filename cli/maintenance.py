"""`tenshu maintenance`: windows for the vendor, opened and closed at the machine itself."""

from pathlib import Path

import click

from app.core.messages import mark
from app.machine.operations.maintenance import (
    ListOfWindows,
    NewRepair,
    NewWindow,
    OpenedNow,
    WhichWindow,
    close_window,
    list_windows,
    open_to_look,
    open_to_repair,
)
from app.machine.operations.recordings import check_recordings
from app.machine.recording_check import Condition
from appliance.contract.maintenance.state import USUAL, Ending, Level, Window
from cli.invocation import Invocation, everywhere, this_call
from cli.request import request
from cli.table import columns, moment

EXIT_ALTERED = 3
ALTERED = {Condition.changed, Condition.missing}
CONDITIONS = {
    Condition.unchanged: mark("As the history tells"),
    Condition.changed: mark("Not as the history tells"),
    Condition.missing: mark("Missing"),
    Condition.removed: mark("Removed for its age"),
    Condition.untold: mark("Not in the history yet"),
}
LEVELS = {Level.look: mark("Look only"), Level.repair: mark("Repair")}
ENDS = {
    Ending.none: mark("Open now"),
    Ending.clock: mark("Its time was over"),
    Ending.click: mark("Closed by somebody"),
    Ending.restart: mark("The machine was started anew"),
    Ending.restored: mark("The appliance was restored"),
    Ending.failed: mark("Could not be opened"),
}


@click.group
@everywhere
def maintenance() -> None:
    """Open windows for the vendor's people, close them, see which there were."""


@maintenance.command("open")
@click.option("--who", required=True, help="Name and company of the vendor's person.")
@click.option("--why", required=True, help="Why, for those who read the history.")
@click.option("--from", "networks", required=True, multiple=True, help="Address or network.")
@click.option("--minutes", default=USUAL, show_default=True, help="Minutes until it closes.")
@click.option("--key", type=click.Path(path_type=Path, exists=True), help="Their .pub file.")
@click.option("--repair", is_flag=True, help="To repair; otherwise only to look.")
@click.option("--hardware", is_flag=True, help="Only a key that never leaves a device (FIDO).")
@everywhere
@this_call
def open_(
    invocation: Invocation,
    who: str,
    why: str,
    networks: tuple[str, ...],
    minutes: int,
    key: Path | None,
    repair: bool,
    hardware: bool,
) -> None:
    """Open a window; its certificate, and a key if one was made, are shown."""
    fields = {
        "who": who,
        "why": why,
        "networks": list(networks),
        "minutes": minutes,
        "key": key.read_text("utf-8", "replace").strip() if key else "",
        "hardware": hardware,
    }
    with invocation.context() as context:
        if repair:
            opened = open_to_repair(context, request(NewRepair, **fields))
        else:
            opened = open_to_look(context, request(NewWindow, **fields))
    invocation.answer(opened, lambda: _opened(invocation, opened))


def _opened(invocation: Invocation, opened: OpenedNow) -> str:
    window = opened.window
    lines = [_row_text(invocation, window)]
    if private := opened.private_key.reveal():
        lines += ["", invocation.words(mark("Private key, to be saved as id_tenshu")), private]
    beside = mark("Certificate, to be saved beside the key as id_tenshu-cert.pub")
    lines += ["", invocation.words(beside), window.certificate]
    lines += ["", f"ssh -i id_tenshu -p {opened.port} {window.user}@…"]
    return "\n".join(lines)


@maintenance.command("list")
@click.option("--offset", default=0, help="How many of the newest to pass over.")
@click.option("--text", default="", help="Only with these words in person, reason or address.")
@click.option("--open", "is_open", is_flag=True, help="Only the one that is open.")
@everywhere
@this_call
def list_(invocation: Invocation, offset: int, text: str, is_open: bool) -> None:
    """List the windows, the newest first."""
    state = Ending.none.value if is_open else ""
    with invocation.context() as context:
        wanted = request(ListOfWindows, offset=offset, text=text, state=state)
        found = list_windows(context, wanted)
    marked = (mark("Window"), mark("Opened at"), mark("What may be done"), mark("Until"),
              mark("State"), mark("For whom"), mark("Why"))  # fmt: skip
    heads = [invocation.words(head) for head in marked]
    rows = [_row(invocation, one.window) for one in found.items]
    invocation.answer(found, lambda: columns(heads, rows))


@maintenance.command
@click.argument("window", type=int)
@everywhere
@this_call
def check(invocation: Invocation, window: int) -> int:
    """Hold the recordings of WINDOW against the history. Exit code 3 where one is another."""
    with invocation.context() as context:
        found = check_recordings(context, request(WhichWindow, window=window))
    heads = [invocation.words(head) for head in (mark("Session"), mark("Recording"))]
    rows = [(one.session, invocation.words(CONDITIONS[one.condition])) for one in found.items]
    nobody = invocation.words(mark("Nobody has come in."))
    invocation.answer(found, lambda: columns(heads, rows) if rows else nobody)
    return EXIT_ALTERED if any(one.condition in ALTERED for one in found.items) else 0


@maintenance.command
@click.argument("window", type=int)
@everywhere
@this_call
def close(invocation: Invocation, window: int) -> None:
    """Close WINDOW at once; its sessions end."""
    with invocation.context() as context:
        closed = close_window(context, request(WhichWindow, window=window))
    invocation.answer(closed, lambda: _row_text(invocation, closed))


def _row(invocation: Invocation, window: Window) -> tuple[str, ...]:
    return (
        str(window.number),
        moment(window.opened_at),
        invocation.words(LEVELS[window.level]),
        moment(window.ended_at or window.until),
        invocation.words(ENDS[window.ended]),
        window.who,
        window.why,
    )


def _row_text(invocation: Invocation, window: Window) -> str:
    return "  ".join(_row(invocation, window))
