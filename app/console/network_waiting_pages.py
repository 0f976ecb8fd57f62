"""A version that waits: it confirms by itself, is kept, or is taken back."""

from typing import Any

from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from app.machine.operations import applying, reading
from app.operations.context import Context
from app.operations.operation import NoRequest
from app.operations.permissions import Permission
from app.web.asking import AnyRequest
from app.web.pages import Answer, ask, go, need_sign_in, page, part, perform, result_of
from app.web.routing import post
from appliance.contract.configuration.state import Outcome, Pending, Version

PLACE = "/network"


@result_of(applying.apply_configuration)
def applied(request: AnyRequest, result: applying.Applied) -> Answer:
    """Show what waits, which confirms by itself.

    The answer itself is that page: where the change has cut the person off, it is the last thing
    that still comes through, and no redirect could be followed.
    """
    version = result.version
    if version.outcome is not Outcome.waiting:
        return go(f"{PLACE}?notice=applied")
    pending = Pending(
        version=version.number,
        account=version.account,
        seconds=result.seconds,
        left=result.seconds,
    )
    waits = waiting(need_sign_in(request), pending, by_itself=True)
    return page(request, "console/network_applied.html", waits=waits, ended=None)


@post("/network/versions/{version:int}/confirm")
def confirm(request: AnyRequest, version: FromPath[int]) -> Answer:
    """Keep what was applied."""
    need_sign_in(request).require(Permission.MACHINE_MANAGE)
    return perform(
        request, applying.confirm_configuration, ask(reading.WhichVersion, version=version)
    )


@result_of(applying.confirm_configuration)
def confirmed(_request: AnyRequest, _result: Version) -> Answer:
    """Go back to the page."""
    return go(f"{PLACE}?notice=confirmed")


@post("/network/versions/{version:int}/revert")
def revert(request: AnyRequest, version: FromPath[int]) -> Answer:
    """Take back what was applied."""
    need_sign_in(request).require(Permission.MACHINE_MANAGE)
    return perform(
        request, applying.revert_configuration, ask(reading.WhichVersion, version=version)
    )


@result_of(applying.revert_configuration)
def reverted(_request: AnyRequest, _result: Version) -> Answer:
    """Go back to the page."""
    return go(f"{PLACE}?notice=reverted")


@post("/network/versions/{version:int}/waiting")
def follow(request: AnyRequest, version: FromPath[int]) -> Answer:
    """Confirm by itself what this person applied, where the connection was opened since.

    The page asks for it by itself; what came of the version is shown in its place.
    """
    context = need_sign_in(request)
    context.require(Permission.MACHINE_MANAGE)
    found = reading.read_configuration(context, NoRequest())
    pending = found.pending
    if (
        pending
        and pending.version == version
        and pending.account == context.actor.account
        and not pending.applying
        and context.generation >= version
    ):
        which = ask(reading.WhichVersion, version=version)
        applying.confirm_configuration(context, which)
        found = reading.read_configuration(context, NoRequest())
    waits = waiting(context, found.pending, by_itself=True)
    ended = None
    if waits is None:
        which = ask(reading.WhichVersion, version=version)
        ended = reading.get_version(context, which).listed.version
    return part(request, "console/network_waiting.html", whole=PLACE, waits=waits, ended=ended)


def waiting(context: Context, pending: Pending | None, *, by_itself: bool) -> dict[str, Any] | None:
    """Return what the page says of a version that waits; nothing where none does."""
    if pending is None:
        return None
    own = pending.account == context.actor.account
    return {
        "pending": pending,
        "by_itself": by_itself and own,
        "may": context.actor.rights.allows(Permission.MACHINE_MANAGE),
    }


def waiting_pages() -> list[HTTPRouteHandler]:
    """Return the handlers of this module."""
    return [confirm, revert, follow]
