"""Settings: what this place is, who may do what, what the history records."""

from typing import Any, Final

import msgspec
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromQuery

from app.core.messages import mark, translate
from app.identity.roles import DESCRIPTIONS, NAMES, PERMISSIONS, Role
from app.operations.context import Context
from app.operations.operation import Effect, Operation, Tier
from app.operations.permissions import UNGRANTED, Permission
from app.operations.registry import all_operations
from app.web.asking import AnyRequest, appliance_of
from app.web.pages import Answer, need_sign_in, page
from app.web.routing import get

TIERS: Final = {
    Tier.T0_READ: mark("Shows"),
    Tier.T1_REVERSIBLE: mark("Changes"),
    Tier.T2_DANGEROUS: mark("Needs a fresh code"),
    Tier.T3_IRREVERSIBLE: mark("Needs a second administrator"),
}


class MatrixRow(msgspec.Struct, frozen=True):
    """One operation of the permission matrix."""

    id: str
    name: str
    summary: str
    permission: str
    tier: int
    planes: str
    held_by: tuple[bool, ...]
    """In the order of the roles."""


class CatalogueRow(msgspec.Struct, frozen=True):
    """One operation of the audit catalogue."""

    id: str
    verb: str
    summary: str
    records: str
    """`always`, or `refusals` for reads of what is not personal."""


def matrix() -> list[MatrixRow]:
    """Return who may do what, from the registry itself."""
    return [_matrix_row(operation) for operation in all_operations()]


def _matrix_row(operation: Operation[Any, Any]) -> MatrixRow:
    permission = operation.permission
    return MatrixRow(
        id=operation.name,
        name=operation.name,
        summary=operation.summary,
        permission=permission.value,
        tier=int(operation.tier),
        planes=" ".join(sorted(plane.value for plane in operation.planes)),
        held_by=tuple(permission in UNGRANTED or permission in PERMISSIONS[role] for role in Role),
    )


def catalogue() -> list[CatalogueRow]:
    """Return what the history records, from the registry itself."""
    return [
        CatalogueRow(
            id=operation.name,
            verb=operation.name,
            summary=operation.summary,
            records="refusals"
            if operation.only_asks or operation.effect is Effect.READ
            else "always",
        )
        for operation in all_operations()
    ]


@get("/settings")
def show_settings(request: AnyRequest) -> Answer:
    """Show what this place is, and where the rest stands."""
    context = need_sign_in(request)
    context.require(Permission.SETTINGS_VIEW)
    appliance = appliance_of(request)
    return page(
        request,
        "console/settings.html",
        embedded=appliance.database.is_sqlite,
        settings=appliance.settings,
        roles=[(NAMES[role], DESCRIPTIONS[role]) for role in Role],
    )


@get("/settings/permissions")
def show_matrix(request: AnyRequest, q: FromQuery[str] = "") -> Answer:
    """Show the permission matrix."""
    context = need_sign_in(request)
    context.require(Permission.SETTINGS_VIEW)
    rows = matrix()
    return page(
        request,
        "console/permissions.html",
        q=q,
        rows=[row for row in rows if _fits(context, q, row.summary, row.name, row.permission)],
        roles=[NAMES[role] for role in Role],
        dangerous=int(Tier.T2_DANGEROUS),
        tiers={int(tier): name for tier, name in TIERS.items()},
    )


@get("/settings/events")
def show_catalogue(request: AnyRequest, q: FromQuery[str] = "") -> Answer:
    """Show the audit catalogue."""
    context = need_sign_in(request)
    context.require(Permission.SETTINGS_VIEW)
    rows = [row for row in catalogue() if _fits(context, q, row.summary, row.verb)]
    return page(request, "console/events.html", q=q, rows=rows)


def _fits(context: Context, search: str, summary: str, *names: str) -> bool:
    """Tell whether a row holds the words that are searched, in the reader's language."""
    found = "\n".join((translate(context.language, summary), *names))
    return search.strip().casefold() in found.casefold()


def settings_pages() -> list[HTTPRouteHandler]:
    """Return the handlers of this module."""
    return [show_settings, show_matrix, show_catalogue]
