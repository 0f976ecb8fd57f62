"""Views as they are kept: finding, writing, and who sees which."""

import enum
from collections.abc import Iterable
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta
from sqlalchemy import Table, func, insert, select, update
from sqlmodel import Session, SQLModel

from app.core.errors import Conflict, InvalidInput, NotFound
from app.core.messages import mark
from app.identity.models import Group, Membership
from app.operations.context import Context
from app.operations.permissions import Permission
from app.services.tables.definition import Definition, as_text, of_text
from app.services.tables.models import SavedView
from app.services.tables.physical import TableInfo
from app.services.tables.reach import holds, only_views, require

views: Table = SQLModel.metadata.tables[str(SavedView.__tablename__)]

_members: Final = SQLModel.metadata.tables[str(Membership.__tablename__)].c
_groups: Final = SQLModel.metadata.tables[str(Group.__tablename__)].c

MOST_VIEWS: Final = 500
"""Views of one table, those of all its people together."""
MOST_OWN: Final = 100
"""Views of one table that one person makes: nobody keeps the others from making theirs."""
MOST_GROUPS: Final = 50
"""Groups that one view is shared with."""
NO_MORE: Final = mark("The table has 500 views, or 100 of yours. Delete one that nobody needs.")
NO_GROUP: Final = mark("There is no such group.")
NO_GROUPS: Final = mark("Choose the groups that the view is shared with.")


class Shared(enum.StrEnum):
    """Who sees a view, of those who see the table."""

    NOBODY = "nobody"
    """Only whose it is."""
    ALL = "all"
    GROUPS = "groups"


class ViewInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A view as it is kept."""

    id: int
    table: int
    name: str
    shared: Shared
    groups: tuple[str, ...]
    definition: Definition
    rev: int
    owner: str
    created_at: int
    updated_at: int
    updated_by: str
    deleted_at: int


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What is written of a view."""

    name: str
    shared: Shared
    groups: tuple[Annotated[str, Meta(max_length=64)], ...]
    definition: Definition


def _info(row: Any) -> ViewInfo:  # noqa: ANN401 - a row of the table
    return ViewInfo(
        id=row.id,
        table=row.table_id,
        name=row.name,
        shared=Shared(row.shared),
        groups=tuple(msgspec.json.decode(row.groups, type=list[str])),
        definition=of_text(row.definition),
        rev=row.rev,
        owner=row.owner,
        created_at=row.created_at,
        updated_at=row.updated_at,
        updated_by=row.updated_by,
        deleted_at=row.deleted_at,
    )


def all_views(session: Session, table: int, *, deleted: bool = False) -> list[ViewInfo]:
    """Return the views of a table, whoever sees them, by name."""
    is_deleted = (views.c.deleted_at != 0) == deleted
    wanted = select(views).where(views.c.table_id == table, is_deleted)
    rows = session.connection().execute(wanted.order_by(views.c.name, views.c.id))
    return list(map(_info, rows))


def may_design(context: Context, table: TableInfo) -> bool:
    """Tell whether the actor may share views of a table and change shared ones."""
    return holds(context, table, Permission.TABLES_DESIGN)


def visible(context: Context, table: TableInfo, found: Iterable[ViewInfo]) -> list[ViewInfo]:
    """Return the views that the actor sees: their own, and those shared with them.

    Who designs the table sees every shared one; nobody sees what another keeps for themselves. Who
    may see single views only sees no other.
    """
    require(context, table, Permission.RECORDS_VIEW)
    account = context.actor.account
    own = select(_members.group).where(_members.account == account)
    mine = set(context.session.connection().execute(own).scalars())
    designs, only = may_design(context, table), only_views(context, table)

    def is_seen(view: ViewInfo) -> bool:
        if view.shared is Shared.NOBODY:
            return view.owner == account
        if only is not None and view.id not in only:
            return False
        return designs or view.shared is Shared.ALL or bool(mine.intersection(view.groups))

    return list(filter(is_seen, found))


def find_view(
    context: Context, table: TableInfo, number: int, *, deleted: bool = False
) -> ViewInfo:
    """Return a view that the actor sees. Raise NotFound."""
    wanted = select(views).where(views.c.id == number, views.c.table_id == table.id)
    row = context.session.connection().execute(wanted).first()
    found = visible(context, table, [_info(row)] if row else [])
    if not found or bool(found[0].deleted_at) is not deleted:
        raise NotFound(kind=mark("view"), name=number)
    return found[0]


def require_change(context: Context, table: TableInfo, *shared: Shared) -> None:
    """Raise NotAllowed where a view is or becomes a shared one, and the actor may not share."""
    if any(one is not Shared.NOBODY for one in shared):
        require(context, table, Permission.TABLES_DESIGN)


def check(context: Context, wanted: Wanted) -> None:
    """Raise InvalidInput where a view cannot be shared so."""
    if (wanted.shared is Shared.GROUPS) is not bool(wanted.groups):
        raise InvalidInput(field="groups", reason=NO_GROUPS)
    known = select(func.count()).where(_groups.id.in_(wanted.groups))
    found = context.session.connection().execute(known).scalar_one()
    if found != len(set(wanted.groups)):
        raise InvalidInput(field="groups", reason=NO_GROUP)


def _values(context: Context, wanted: Wanted) -> dict[str, object]:
    return {
        "name": wanted.name,
        "shared": wanted.shared.value,
        "groups": msgspec.json.encode(sorted(set(wanted.groups))).decode(),
        "definition": as_text(wanted.definition),
        "updated_at": context.now,
        "updated_by": context.actor.account,
    }


def add(context: Context, table: TableInfo, wanted: Wanted) -> int:
    """Write a new view; return its number. Raise InvalidInput where there are too many."""
    connection = context.session.connection()
    alive = select(func.count()).where(views.c.table_id == table.id, views.c.deleted_at == 0)
    own = alive.where(views.c.owner == context.actor.account)
    if (
        connection.execute(alive).scalar_one() >= MOST_VIEWS
        or connection.execute(own).scalar_one() >= MOST_OWN
    ):
        raise InvalidInput(field="name", reason=NO_MORE)
    made = insert(views).values(
        table_id=table.id,
        rev=1,
        owner=context.actor.account,
        created_at=context.now,
        deleted_at=0,
        **_values(context, wanted),
    )
    return int(connection.execute(made.returning(views.c.id)).scalar_one())


def change(context: Context, view: ViewInfo, rev: int, wanted: Wanted) -> None:
    """Change a view that stands at `rev`. Raise Conflict if it does not any more."""
    _write(context, view, rev, _values(context, wanted))


def set_deleted(context: Context, view: ViewInfo, rev: int, deleted_at: int) -> None:
    """Delete a view that stands at `rev`, or bring it back with 0. Raise Conflict."""
    _write(context, view, rev, {"deleted_at": deleted_at})


def _write(context: Context, view: ViewInfo, rev: int, values: dict[str, object]) -> None:
    stands = (views.c.id == view.id, views.c.rev == rev)
    writing = update(views).where(*stands).values(rev=rev + 1, **values)
    if context.session.connection().execute(writing).rowcount != 1:
        raise Conflict(name=view.name)
