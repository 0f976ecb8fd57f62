"""Maintenance access: windows opened, approved, closed, looked at (S11)."""

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta
from sqlalchemy import select
from sqlmodel import col

from app.core.secret import Secret
from app.identity.models import Account
from app.machine.calling import caller_of, maintenance_for
from app.machine.operations.reading import ON_CONSOLE
from app.operations.context import Context
from app.operations.operation import Effect, Route, Tier, operation
from app.operations.permissions import Permission
from appliance.contract.maintenance.state import (
    LONGEST,
    SHORTEST,
    USUAL,
    Ending,
    Level,
    ListWindows,
    OpenWindow,
    Session,
    Window,
    WindowOrder,
)

Line = r"^[^\x00-\x1f\x7f]{1,200}$(?!\n)"
WindowNumber = Annotated[int, Meta(ge=1, le=2**31 - 1, description="Number of a window.")]


class NewWindow(msgspec.Struct, frozen=True, kw_only=True):
    """A window for somebody of the vendor to look."""

    who: Annotated[
        str, Meta(pattern=Line, description="Who of the vendor comes in, with name and company.")
    ]
    why: Annotated[str, Meta(pattern=Line, description="Why, for those who read the history.")]
    networks: Annotated[
        list[Annotated[str, Meta(max_length=49)]],
        Meta(min_length=1, max_length=16, description="Addresses or networks they come from."),
    ]
    minutes: Annotated[
        int, Meta(ge=SHORTEST, le=LONGEST, description="Minutes until it closes by itself.")
    ] = USUAL
    key: Annotated[
        str, Meta(max_length=5000, description="Their public SSH key; empty to have one made.")
    ] = ""
    hardware: Annotated[
        bool, Meta(description="Whether only a key is taken that never leaves a device (FIDO).")
    ] = False


class NewRepair(NewWindow, frozen=True, kw_only=True):
    """A window for somebody of the vendor to repair, once a second administrator approves."""

    key: Annotated[str, Meta(min_length=1, max_length=5000, description="Their public SSH key.")]


class WhichWindow(msgspec.Struct, frozen=True, kw_only=True):
    """Which window."""

    window: WindowNumber


class OpenedNow(msgspec.Struct, frozen=True, kw_only=True):
    """A window that was just opened."""

    window: Annotated[Window, Meta(description="The window, with its certificate.")]
    port: Annotated[int, Meta(description="TCP port of SSH.")]
    private_key: Annotated[
        Secret, Meta(description="The key that was made, shown once; empty where one was given.")
    ]


def _wanted(context: Context, new: NewWindow) -> OpenWindow:
    return OpenWindow(
        who=new.who,
        why=new.why,
        level=Level.repair if isinstance(new, NewRepair) else Level.look,
        networks=tuple(new.networks),
        minutes=new.minutes,
        key=new.key,
        hardware=new.hardware,
        approved_by=context.approved_by,
    )


def require_possible(context: Context, new: NewWindow) -> None:
    """Raise what would keep a window from being opened, before a second factor is asked for."""
    with maintenance_for(context) as maintenance:
        maintenance.check(caller_of(context), _wanted(context, new))


def _open(context: Context, new: NewWindow) -> OpenedNow:
    with maintenance_for(context) as maintenance:
        opened = maintenance.open(caller_of(context), _wanted(context, new))
    key = Secret(opened.private_key.reveal())
    return OpenedNow(window=opened.window, port=opened.port, private_key=key)


@operation(
    "maintenance.open",
    permission=Permission.MACHINE_MANAGE,
    tier=Tier.T2_DANGEROUS,
    planes=ON_CONSOLE,
    route=Route("POST", "/machine/maintenance"),
    ahead=_open,
)
def open_to_look(context: Context, new: NewWindow) -> OpenedNow:  # noqa: ARG001 - done ahead
    """Open a maintenance window for somebody of the vendor to look; every session is recorded."""
    return _opened(context)


@operation(
    "maintenance.open_repair",
    permission=Permission.MACHINE_MANAGE,
    tier=Tier.T3_IRREVERSIBLE,
    planes=ON_CONSOLE,
    route=Route("POST", "/machine/maintenance/repairs"),
    ahead=_open,
)
def open_to_repair(context: Context, new: NewRepair) -> OpenedNow:  # noqa: ARG001 - done ahead
    """Open a maintenance window for somebody of the vendor to repair, once it is approved."""
    return _opened(context)


def _opened(context: Context) -> OpenedNow:
    opened: OpenedNow = context.ahead
    window, event = opened.window, context.event
    event.about("window", str(window.number), window.who)
    event.change("why", None, window.why)
    event.change("networks", None, list(window.networks))
    event.numbers["minutes"] = (window.until - window.opened_at) // 60_000
    event.references.update(level=window.level.value, fingerprint=window.fingerprint)
    return opened


def _close(context: Context, request: WhichWindow) -> Window:
    with maintenance_for(context) as maintenance:
        return maintenance.close(caller_of(context), request.window)


@operation(
    "maintenance.close",
    permission=Permission.MACHINE_MANAGE,
    planes=ON_CONSOLE,
    route=Route("POST", "/machine/maintenance/{window}/close"),
    ahead=_close,
)
def close_window(context: Context, request: WhichWindow) -> Window:
    """Close a maintenance window at once; its sessions end, its certificate is worth nothing."""
    window: Window = context.ahead
    context.event.about("window", str(request.window), window.who)
    return window


Order = Literal["-number", "number", "who", "-who", "level", "-level", "until", "-until"]
ORDERS: Final[dict[Order, WindowOrder]] = {
    "-number": WindowOrder.newest,
    "number": WindowOrder.oldest,
    "who": WindowOrder.who,
    "-who": WindowOrder.who_down,
    "level": WindowOrder.level,
    "-level": WindowOrder.level_down,
    "until": WindowOrder.until,
    "-until": WindowOrder.until_down,
}
State = Literal["", "none", "clock", "click", "restart", "restored", "failed"]


class ListOfWindows(msgspec.Struct, frozen=True, kw_only=True):
    """Which windows are listed, and from where on."""

    offset: Annotated[int, Meta(ge=0, le=2**31 - 1, description="How many to pass over.")] = 0
    text: Annotated[
        str,
        Meta(max_length=200, description="Words that stand in number, person, reason, address."),
    ] = ""
    state: Annotated[
        State, Meta(description="How they ended; none for the open one, empty for all.")
    ] = ""
    level: Annotated[
        Literal["", "look", "repair"], Meta(description="What may be done; empty for either.")
    ] = ""
    order: Annotated[Order, Meta(description="Column; - in front: downward.")] = "-number"

    def wanted(self) -> ListWindows:
        """Return the question to the machine."""
        return ListWindows(
            offset=self.offset,
            text=self.text,
            state=Ending(self.state) if self.state else None,
            level=Level(self.level) if self.level else None,
            order=ORDERS[self.order],
        )


class ListedWindow(msgspec.Struct, frozen=True, kw_only=True):
    """A window, and what those are called who opened, approved and closed it."""

    window: Annotated[Window, Meta(description="The window.")]
    opened_by: Annotated[str, Meta(description="Name of who opened it.")]
    approved_by: Annotated[str, Meta(description="Name of who approved it; empty for nobody.")]
    closed_by: Annotated[str, Meta(description="Name of who closed it; empty for nobody.")]


class ListedWindows(msgspec.Struct, frozen=True, kw_only=True):
    """A page of windows."""

    items: Annotated[tuple[ListedWindow, ...], Meta(description="As they were asked for.")]
    total: Annotated[int, Meta(description="How many there are of those that were asked for.")]
    opened: Annotated[
        Window | None, Meta(description="The one that is open, whatever was asked for.")
    ]
    unavailable: Annotated[
        str, Meta(description="Code of why none can be opened here; empty where one can.")
    ]
    port: Annotated[int, Meta(description="TCP port of SSH.")]


class ShownWindow(msgspec.Struct, frozen=True, kw_only=True):
    """A window with its sessions."""

    listed: Annotated[ListedWindow, Meta(description="The window and its people.")]
    sessions: Annotated[tuple[Session, ...], Meta(description="Oldest first.")]


def _named(context: Context, windows: tuple[Window, ...]) -> tuple[ListedWindow, ...]:
    people = {name for one in windows for name in (one.account, one.approved_by, one.ended_by)}
    asked = select(col(Account.id), col(Account.name)).where(col(Account.id).in_(people))
    names = {row.id: row.name for row in context.session.connection().execute(asked)}
    return tuple(
        ListedWindow(
            window=one,
            opened_by=names.get(one.account, one.account),
            approved_by=names.get(one.approved_by, one.approved_by),
            closed_by=names.get(one.ended_by, one.ended_by),
        )
        for one in windows
    )


@operation(
    "maintenance.list",
    permission=Permission.MACHINE_VIEW,
    effect=Effect.READ,
    planes=ON_CONSOLE,
    route=Route("GET", "/machine/maintenance"),
)
def list_windows(context: Context, request: ListOfWindows) -> ListedWindows:
    """List the maintenance windows, the newest first."""
    with maintenance_for(context) as maintenance:
        found = maintenance.windows(caller_of(context), request.wanted())
    return ListedWindows(
        items=_named(context, found.windows),
        total=found.total,
        opened=found.opened,
        unavailable=found.unavailable,
        port=found.port,
    )


@operation(
    "maintenance.get",
    permission=Permission.MACHINE_VIEW,
    effect=Effect.READ,
    planes=ON_CONSOLE,
    route=Route("GET", "/machine/maintenance/{window}"),
)
def get_window(context: Context, request: WhichWindow) -> ShownWindow:
    """Show one maintenance window with the sessions that came in through it."""
    with maintenance_for(context) as maintenance:
        found = maintenance.window(caller_of(context), request.window)
    return ShownWindow(listed=_named(context, (found.window,))[0], sessions=found.sessions)
