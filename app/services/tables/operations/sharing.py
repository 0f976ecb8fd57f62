"""With whom views of a table can be shared."""

from typing import Annotated

import msgspec
from msgspec import Meta

from app.identity.group_paths import named_paths
from app.operations.context import Context
from app.operations.operation import Effect, Route, operation
from app.operations.permissions import Permission
from app.services.tables import catalogue, saved_views
from app.services.tables.operations.tables import STAFF
from app.services.tables.reach import require
from app.services.tables.views import TableNumber


class SharingOf(msgspec.Struct, frozen=True, kw_only=True):
    """Of which table."""

    table: TableNumber


class GroupChoice(msgspec.Struct, frozen=True, kw_only=True):
    """A group that a view can be shared with."""

    id: Annotated[str, Meta(description="Identifier of the group.")]
    name: Annotated[str, Meta(description="Its path: Sales/East.")]


class Sharing(msgspec.Struct, frozen=True, kw_only=True):
    """With whom views can be shared."""

    may_share: Annotated[bool, Meta(description="Whether you may share views of the table.")]
    groups: Annotated[list[GroupChoice], Meta(description="By path; none where you may not.")]


@operation(
    "views.sharing",
    permission=Permission.RECORDS_VIEW,
    effect=Effect.READ,
    planes=STAFF,
    route=Route("GET", "/tables/{table}/views/sharing"),
    scope=lambda request: f"tables/{request.table}",
    beneath=True,
)
def sharing(context: Context, request: SharingOf) -> Sharing:
    """Tell with whom one may share views of a table: groups, for those who design it."""
    table = catalogue.ready_table(context.session, request.table)
    require(context, table, Permission.RECORDS_VIEW)
    if not saved_views.may_design(context, table):
        return Sharing(may_share=False, groups=[])
    paths = named_paths(context.session)
    ordered = sorted(paths.items(), key=lambda one: (one[1], one[0]))
    return Sharing(may_share=True, groups=[GroupChoice(id=one, name=name) for one, name in ordered])
