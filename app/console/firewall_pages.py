"""The packet filter: what it dropped lately and why, who is banned."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Literal

from litestar.handlers import HTTPRouteHandler
from litestar.params import FromQuery

from app.console.network_words import no_machine
from app.core import clock
from app.core.errors import TenshuError
from app.core.messages import explain, mark
from app.machine.errors import MachineError
from app.machine.operations import traffic
from app.operations.context import Context
from app.operations.operation import NoRequest
from app.operations.permissions import Permission
from app.web.asking import AnyRequest
from app.web.design.address import one_of
from app.web.pages import Answer, ask, go, need_sign_in, page
from app.web.routing import get, post
from app.web.shared_pages import Form
from appliance.contract.configuration.traffic import Drop, Traffic

PLACE: Final = "/network/firewall"
PAGE: Final = 50
REASONS: Final = {
    "console": mark("Not on a list of the console"),
    "service": mark("Not on a list of the workspace, portal, kiosk or API"),
    "ssh": mark("Not on a list of SSH"),
    "banned": mark("Banned"),
    "crowded": mark("Too many connections at once"),
    "refused": mark("A port that is not open"),
    "invalid": mark("Belongs to no connection"),
    "forwarded": mark("Would only pass through"),
    "out": mark("May not leave this machine"),
}
"""Why something is dropped, in words."""
COUNTERS: Final = {
    "refused_console": "console",
    "refused_service": "service",
    "refused_ssh": "ssh",
    "refused_out": "out",
}
"""The reasons that a counter tells by another name."""
PLOTTED: Final = (
    (mark("Closed to this address"), ("console", "service", "ssh")),
    (mark("No open port"), ("refused", "forwarded", "invalid")),
    (mark("Banned or too many"), ("banned", "crowded")),
    (mark("Kept from leaving"), ("out",)),
)
"""What a line of the chart adds up."""
HOUR: Final = 3_600_000
HOURS: Final = 7 * 24
Order = Literal["-at", "at", "source", "-source", "port", "-port", "packets", "-packets"]
KEYS: Final[dict[str, Callable[[Drop], Any]]] = {
    "at": lambda one: one.at,
    "source": lambda one: one.source,
    "port": lambda one: (one.protocol, one.port),
    "packets": lambda one: one.packets,
}


@get(PLACE)
def show_firewall(
    request: AnyRequest,
    q: FromQuery[str] = "",
    why: FromQuery[str] = "",
    sort: FromQuery[str] = "",
    offset: FromQuery[str] = "",
    notice: FromQuery[str] = "",
) -> Answer:
    """Show what was dropped, and who is banned."""
    context = need_sign_in(request)
    asked = {"q": q[:128].strip(), "why": why if why in REASONS else "", "sort": sort}
    first = int(offset) if offset.isascii() and offset.isdigit() and len(offset) < 6 else 0
    return _page(request, context, asked, first, notice=notice)


def _page(
    request: AnyRequest,
    context: Context,
    asked: dict[str, str],
    offset: int,
    *,
    notice: str = "",
    problem: tuple[str, str] | None = None,
    status: int = 200,
) -> Answer:
    try:
        found = traffic.read_traffic(context, NoRequest())
    except MachineError as error:
        return no_machine(request, context, error)
    order = one_of(asked["sort"], Order)
    wanted = _wanted(found.drops, asked["q"], asked["why"], order)
    return page(
        request,
        "console/firewall.html",
        status=status,
        counts=_counts(found),
        since=found.since,
        chart=_chart(found, clock.now()) if found.hours else None,
        bans=found.bans,
        full=[REASONS[why] for why in found.full],
        drops=wanted[offset : offset + PAGE],
        total=len(wanted),
        first=offset + 1,
        next=offset + PAGE if offset + PAGE < len(wanted) else 0,
        previous=str(max(0, offset - PAGE)) if offset else "",
        reasons=REASONS,
        asked=asked,
        sort=order,
        notice=notice,
        problem=problem,
        may_manage=context.actor.rights.allows(Permission.MACHINE_MANAGE),
    )


def _wanted(drops: Sequence[Drop], words: str, why: str, order: str) -> list[Drop]:
    """Return the drops that are asked for, in their order."""
    found = [
        one
        for one in drops
        if why in ("", one.why)
        and words.lower() in f"{one.source} {one.destination} {one.protocol} {one.port}"
    ]
    return sorted(found, key=KEYS[order.lstrip("-")], reverse=order.startswith("-"))


def _counts(found: Traffic) -> list[tuple[str, int]]:
    """Return reason and packets, in the order of the reasons."""
    packets = _by_reason({one.name: one.packets for one in found.counts})
    return [(name, packets.get(why, 0)) for why, name in REASONS.items()]


def _chart(found: Traffic, now: int) -> tuple[list[int], list[tuple[str, list[int]]]]:
    """Return the hours of the last week, also those without a drop, and a line for each group.

    The chart begins with the first drop, or a day ago where that is younger.
    """
    this = now - now % HOUR
    first = max(this - (HOURS - 1) * HOUR, min(found.hours[0].at, this - 23 * HOUR))
    hours = {one.at: _by_reason(one.packets) for one in found.hours}
    times = list(range(first, this + HOUR, HOUR))
    return times, [
        (label, [sum(hours.get(at, {}).get(why, 0) for why in reasons) for at in times])
        for label, reasons in PLOTTED
    ]


def _by_reason(packets: Mapping[str, int]) -> dict[str, int]:
    return {COUNTERS.get(name, name): count for name, count in packets.items()}


@post(f"{PLACE}/lift-ban")
def lift_ban(request: AnyRequest, data: Form) -> Answer:
    """Let a banned source in again."""
    context = need_sign_in(request)
    context.require(Permission.MACHINE_MANAGE)
    try:
        wanted = ask(traffic.WhichBan, network=str(data.get("network", "")))
        traffic.lift_ban(context, wanted)
    except TenshuError as error:
        asked = {"q": "", "why": "", "sort": ""}
        problem = explain(context.language, error)
        return _page(request, context, asked, 0, problem=problem, status=error.status)
    return go(f"{PLACE}?notice=lifted")


def firewall_pages() -> list[HTTPRouteHandler]:
    """Return the handlers of this module."""
    return [show_firewall, lift_ban]
