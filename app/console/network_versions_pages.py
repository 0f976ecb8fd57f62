"""The versions of the machine's document: what was applied when, by whom and why."""

from typing import Final

from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from app.console.network_words import no_machine
from app.machine.errors import MachineError
from app.machine.operations import reading
from app.operations.permissions import Permission
from app.web.asking import AnyRequest
from app.web.names import ACTORS
from app.web.pages import Answer, ask, need_sign_in, page
from app.web.routing import get

PAGE: Final = 50


@get("/network/versions")
def show_versions(request: AnyRequest) -> Answer:
    """List what was applied, the newest first."""
    context = need_sign_in(request)
    offset = request.query_params.get("offset", "0")
    offset = offset if offset.isascii() and offset.isdigit() and len(offset) < 9 else "0"
    try:
        found = reading.list_versions(context, ask(reading.ListOfVersions, offset=offset))
    except MachineError as error:
        return no_machine(request, context, error)
    after = int(offset) + PAGE
    return page(
        request,
        "console/network_versions.html",
        found=found,
        first=int(offset) + 1,
        actors=ACTORS,
        next=str(after) if after < found.total else "",
        previous=str(max(0, int(offset) - PAGE)) if int(offset) else "",
    )


@get("/network/versions/{version:int}")
def show_version(request: AnyRequest, version: FromPath[int]) -> Answer:
    """Show one version of the document."""
    context = need_sign_in(request)
    found = reading.get_version(context, ask(reading.WhichVersion, version=version))
    return page(
        request,
        "console/network_version.html",
        found=found,
        actors=ACTORS,
        may_manage=context.actor.rights.allows(Permission.MACHINE_MANAGE),
    )


def versions_pages() -> list[HTTPRouteHandler]:
    """Return the handlers of this module."""
    return [show_versions, show_version]
