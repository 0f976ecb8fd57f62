"""Disks: whether one may die, what each is, and taking a new one in (S1)."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import msgspec
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from app.console.network_words import no_machine
from app.core.errors import TenshuError
from app.core.messages import explain, mark
from app.machine.errors import MachineError
from app.machine.operations import disks
from app.machine.system_words import RUNS, STATES, how_read, needs_somebody
from app.operations.operation import NoRequest, Operation
from app.operations.permissions import Permission
from app.web.asking import AnyRequest
from app.web.error_words import explain_code, explain_remedy
from app.web.names import ACTORS
from app.web.pages import Answer, ask, go, need_sign_in, page, part, perform, result_of
from app.web.routing import get, post
from app.web.shared_pages import Form
from appliance.contract.disks.state import Condition, Disks, DiskView, Part, Role, Standing, Step
from appliance.contract.disks.system import SystemView

PLACE: Final = "/storage/disks"
OURS: Final = (Role.member, Role.filling)
ROLES: Final = {
    Role.member: mark("Carries the machine"),
    Role.filling: mark("Being taken in"),
    Role.returned: mark("Was there before"),
    Role.empty: mark("Empty"),
    Role.occupied: mark("Holds something"),
    Role.foreign: mark("Of another appliance"),
    Role.small: mark("Too small"),
}
PARTS: Final = {
    Part.slot: mark("System"),
    Part.hashes: mark("Check sums of the system"),
    Part.state: mark("Settings and data"),
}
CONDITIONS: Final = {
    Condition.whole: ("success", mark("whole")),
    Condition.filling: ("accent", mark("being filled")),
    Condition.failed: ("danger", mark("failed")),
    Condition.missing: ("danger", mark("missing")),
}
STEPS: Final = {
    Step.waiting: mark("Waiting"),
    Step.table: mark("Dividing the disk"),
    Step.start: mark("Copying what it starts from"),
    Step.slot: mark("Mirroring the system"),
    Step.verifying: mark("Verifying the copy of the system"),
    Step.state: mark("Mirroring settings and data"),
    Step.done: mark("Done"),
}


class Bay(NamedTuple):
    """A disk that carries the machine, or the place of one that is missing."""

    disk: DiskView | None
    parts: Sequence[tuple[str, str, str, float | None]]


def bays(found: Disks) -> list[Bay]:
    """Return the disks of the machine with their parts, and the empty place beside a single one."""
    ours = [one for one in found.disks if one.role in OURS]
    drawn = [Bay(one, _parts(found, one.id)) for one in ours]
    return drawn if len(drawn) > 1 else [*drawn, Bay(None, ())]


def _parts(found: Disks, disk: str) -> list[tuple[str, str, str, float | None]]:
    drawn = []
    for mirror in found.mirrors:
        sides = [side.condition for side in mirror.sides if side.disk == disk]
        condition = sides[0] if sides else Condition.missing
        kind, word = CONDITIONS[condition]
        percent = mirror.percent if condition is Condition.filling else None
        if found.taking and not found.taking.error_code and condition is Condition.missing:
            kind, word = "neutral", mark("not yet")
        drawn.append((PARTS[mirror.part], kind, word, percent))
    return drawn


@get(PLACE)
def show_disks(request: AnyRequest) -> Answer:
    """Show the disks, and how the mirrors over them stand."""
    return _disks_page(request)


@get(f"{PLACE}/progress")
def show_progress(request: AnyRequest) -> Answer:
    """Show the same again, for a page that stays open while a disk is taken in."""
    context = need_sign_in(request)
    found = disks.list_disks(context, NoRequest())
    return part(request, "console/disks_standing.html", whole=PLACE, **_shown(request, found))


@post(f"{PLACE}/redundancy")
def declare(request: AnyRequest, data: Form) -> Answer:
    """Take that the storage beneath is redundant, or is not."""
    redundant = bool(data.get("redundant"))
    return _do(request, disks.declare_redundant, disks.Redundancy, redundant=redundant)


@post(f"{PLACE}/{{disk:str}}/take")
def take(request: AnyRequest, disk: FromPath[str]) -> Answer:
    """Take an empty disk in, or one that was there before."""
    return _do(request, disks.take_disk, disks.WhichDisk, disk=disk)


@post(f"{PLACE}/{{disk:str}}/erase")
def erase(request: AnyRequest, disk: FromPath[str]) -> Answer:
    """Erase a disk and take it in, after a fresh second factor."""
    return _do(request, disks.erase_disk, disks.WhichDisk, disk=disk)


@result_of(disks.declare_redundant)
def declared(_request: AnyRequest, _result: Disks) -> Answer:
    """Show how they stand now."""
    return go(f"{PLACE}?notice=declared")


@result_of(disks.take_disk)
def taken(_request: AnyRequest, _result: Disks) -> Answer:
    """Show how far it is."""
    return go(PLACE)


@result_of(disks.erase_disk)
def erased(_request: AnyRequest, _result: Disks) -> Answer:
    """Show how far it is."""
    return go(PLACE)


def _do(
    request: AnyRequest,
    operation: Operation[Any, Any],
    kind: type[msgspec.Struct],
    **values: object,
) -> Answer:
    context = need_sign_in(request)  # before what comes from the address is looked at
    context.require(Permission.MACHINE_MANAGE)
    try:
        return perform(request, operation, ask(kind, **values))
    except TenshuError as error:
        message, hint = explain(context.language, error)
        return _disks_page(request, (message, hint), error.status)


def _disks_page(
    request: AnyRequest, problem: tuple[str, str] = ("", ""), status: int = 200
) -> Answer:
    context = need_sign_in(request)
    try:
        found = disks.list_disks(context, NoRequest())
    except MachineError as error:
        return no_machine(request, context, error)
    return page(
        request,
        "console/disks.html",
        status=status,
        problem=problem,
        notice=request.query_params.get("notice", ""),
        others=[one for one in found.disks if one.role not in OURS],
        roles=ROLES,
        actors=ACTORS,
        **_system(context.language, found.system),
        may_manage=context.actor.rights.allows(Permission.MACHINE_MANAGE),
        may_add=found.standing is not Standing.mirrored and not _goes_on(found),
        **_shown(request, found),
    )


def _system(language: str, system: SystemView | None) -> dict[str, Any]:
    """Return how both slots stand, as the page says it."""
    if system is None:
        return {"system": None}
    kind, word = STATES[system.state]
    read_kind, read_word, read_parameters = how_read(system.reading)
    return {
        "system": system,
        "runs": RUNS[system.copy],
        "copy_kind": kind,
        "copy_word": word,
        "read_kind": read_kind,
        "read_word": read_word,
        "read_parameters": read_parameters,
        "system_why": _why(language, system),
        "system_needs": needs_somebody(system),
    }


def _why(language: str, system: SystemView) -> str:
    """Return what went wrong with the slots last, and what to do; nothing where nothing did."""
    code, parameters = system.error_code, system.error_parameters
    reading = system.reading
    if not code and reading:
        code = reading.error_code or ("disks.damaged" if reading.left else "")
        parameters = reading.error_parameters
    told = (explain_code, explain_remedy)
    return " ".join(one(language, code, parameters) for one in told).strip() if code else ""


def _goes_on(found: Disks) -> bool:
    return bool(found.taking and not found.taking.error_code)


def _shown(request: AnyRequest, found: Disks) -> dict[str, Any]:
    language, taking = need_sign_in(request).language, found.taking
    why = ""
    if taking and taking.error_code:
        told = (explain_code, explain_remedy)
        why = " ".join(one(language, taking.error_code, taking.error_parameters) for one in told)
    return {
        "found": found,
        "bays": bays(found),
        "steps": STEPS,
        "failure": why,
        "goes_on": _goes_on(found) or found.standing is Standing.filling,
    }


def disk_pages() -> list[HTTPRouteHandler]:
    """Return the handlers of this module."""
    return [show_disks, show_progress, declare, take, erase]
