"""The night's work on recordings of maintenance: each is held against the history (S11).

Until somebody opened a window's page nobody would have known that a recording was changed. What is
found is told once, when it is new; the overview shows it as long as it is so.
"""

import logging
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Final

import msgspec
from sqlmodel import Session

from app.core import clock
from app.machine.calling import caller_of, maintenance_for
from app.machine.errors import MachineError
from app.machine.models import RecordingCheck
from app.machine.operations.checking import WrongRecording, last_check, tell_wrong
from app.machine.recording_check import Condition, ToldSession, every_told, judge, lost
from app.operations.context import SYSTEM, Appliance, Context, Plane
from app.operations.operation import NoRequest
from appliance.contract.configuration.errors import MachineNotOwned
from appliance.contract.maintenance.client import MaintenanceClient
from appliance.contract.maintenance.state import ListWindows, Window

EVERY: Final = clock.DAY
WRONG: Final = frozenset({Condition.changed, Condition.missing})

log = logging.getLogger("tenshu.machine")


def check_all_recordings(appliance: Appliance) -> int:
    """Hold every recording against the history where a day is over; return how many are wrong.

    Raise MachineError if the agent does not answer, StoreUnreadable.
    """
    context = Context(appliance, actor=SYSTEM, plane=Plane.LOCAL)
    before = last_check(context, NoRequest())
    if 0 <= context.now - before.at < EVERY:  # a clock that was set back makes it time too
        return 0
    told = list(every_told(appliance))  # first: a session that ends meanwhile is no lost one
    checked, wrong = 0, []
    try:
        with maintenance_for(context) as maintenance:
            for found in _every(maintenance, context, told):
                checked += 1
                if found.condition in WRONG:
                    wrong.append(found)
    except MachineError as error:
        if error.code == MachineNotOwned.code:
            return 0  # a guest on its machine lets nobody in, so it records nobody
        raise
    known = {(one.session, one.condition) for one in before.wrong}
    for one in wrong:
        if (one.session, one.condition) not in known:
            log.warning("recording %s of window %d is %s", one.session, one.window, one.condition)
            tell_wrong(context, one)
    row = RecordingCheck(
        machine=appliance.machine,
        at=context.now,
        checked=checked,
        wrong=msgspec.json.encode(wrong).decode(),
    )
    appliance.database.change(partial(_keep, row=row))
    return len(wrong)


def _keep(session: Session, row: RecordingCheck) -> None:
    session.merge(row)


def _every(
    maintenance: MaintenanceClient, context: Context, told: Sequence[ToldSession]
) -> Iterator[WrongRecording]:
    """Yield every recording that the machine has, or that the history tells of, as it stands."""
    digests: dict[int, dict[str, str]] = {}
    windows = {one.number: one.opened_at for one in _windows(maintenance, context)}
    for one in told:
        # what is older than its window is of a journal that is lost, and was numbered alike
        if one.at >= windows.get(one.window, 0):
            digests.setdefault(one.window, {}).setdefault(one.session, one.digest)
    for number in windows.keys() | digests.keys():
        yield from _of_window(
            maintenance, context, number, digests.get(number, {}), is_there=number in windows
        )


def _of_window(
    maintenance: MaintenanceClient,
    context: Context,
    number: int,
    told: dict[str, str],
    *,
    is_there: bool,
) -> Iterator[WrongRecording]:
    caller = caller_of(context)
    sessions = maintenance.window(caller, number).sessions if is_there else ()
    found = maintenance.recordings(caller, number).recordings if sessions else ()
    for one in found:
        yield WrongRecording(
            window=number,
            session=one.session,
            condition=judge(one, told.get(one.session)),
            digest=one.digest,
            told=told.get(one.session, ""),
        )
    for session in lost(told, {one.id for one in sessions}):
        yield WrongRecording(
            window=number,
            session=session,
            condition=Condition.missing,
            digest="",
            told=told[session],
        )


def _windows(maintenance: MaintenanceClient, context: Context) -> Iterator[Window]:
    offset = 0
    while True:
        page = maintenance.windows(caller_of(context), ListWindows(offset=offset))
        yield from page.windows
        offset += len(page.windows)
        if not page.windows or offset >= page.total:
            return
