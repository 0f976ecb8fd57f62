"""Whether the database still holds what the definitions of tables say."""

from typing import Annotated

import msgspec
from msgspec import Meta

from app.operations.context import Context, Plane
from app.operations.operation import Effect, NoRequest, Route, operation
from app.operations.permissions import Permission
from app.services.tables.drift import Drift, find_design_drift


class DriftList(msgspec.Struct, frozen=True):
    """Every difference; none is good news."""

    items: Annotated[list[Drift], Meta(description="By SQL name.")]


@operation(
    "tables.drift",
    permission=Permission.SETTINGS_VIEW,
    effect=Effect.READ,
    planes=(Plane.CONSOLE,),
    route=Route("GET", "/tables/drift"),
)
def show_drift(context: Context, _: NoRequest) -> DriftList:
    """Compare the definitions of tables with the database."""
    return DriftList(find_design_drift(context.appliance.database))
