"""Storage: how much is free, what takes the rest, what to do when nothing is left."""

from typing import Final

from litestar.handlers import HTTPRouteHandler
from litestar.params import FromQuery

from app.core.errors import TenshuError
from app.core.messages import mark
from app.operations.operation import NoRequest
from app.operations.permissions import Permission
from app.storage import operations as storage
from app.web.asking import AnyRequest
from app.web.pages import Answer, field_errors, go, need_sign_in, page
from app.web.routing import get, post

PARTS: Final = {
    "database": (mark("Database"), mark("Accounts, tables, jobs")),
    "sealed_store": (mark("Sealed history"), mark("Never cleaned: it is the proof")),
    "files": (mark("Files"), mark("Encrypted contents")),
    "spool": (mark("Uploads"), mark("Files that wait for their import")),
    "logs": (mark("Logs"), mark("What the processes reported")),
}


@get("/storage")
def show_storage(
    request: AnyRequest, files: FromQuery[int] = -1, freed: FromQuery[int] = 0
) -> Answer:
    """Show the data volume; after a cleaning, what it gave back."""
    return _storage_page(request, {}, cleaned=(files, freed) if files >= 0 else None)


@post("/storage/clean")
def clean_storage(request: AnyRequest) -> Answer:
    """Give back what nobody needs."""
    context = need_sign_in(request)
    try:
        cleaned = storage.clean_storage(context, NoRequest())
    except TenshuError as error:
        errors = field_errors(context.language, error)
        return _storage_page(request, errors, status=error.status)
    return go(f"/storage?files={cleaned.files}&freed={cleaned.freed}")


def _storage_page(
    request: AnyRequest,
    errors: dict[str, str],
    *,
    status: int = 200,
    cleaned: tuple[int, int] | None = None,
) -> Answer:
    context = need_sign_in(request)
    found = storage.show_storage(context, NoRequest())
    return page(
        request,
        "console/storage.html",
        status=status,
        found=found,
        parts=PARTS,
        cleaned=cleaned,
        errors=errors,
        data=context.appliance.settings.data,
        may_clean=context.actor.rights.allows(Permission.SETTINGS_MANAGE),
    )


def storage_pages() -> list[HTTPRouteHandler]:
    """Return the handlers of this module."""
    return [show_storage, clean_storage]
