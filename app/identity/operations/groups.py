"""Groups: people who hold the same grants (F4)."""

from typing import Annotated

import msgspec
from msgspec import Meta
from sqlalchemy import delete, func, update
from sqlmodel import Session, col, select

from app.core.errors import Conflict, NotFound
from app.core.identifiers import new_identifier
from app.core.messages import mark
from app.identity import account_rows, own_way, rights
from app.identity.errors import CircleOfGroups, NameTaken
from app.identity.fields import GroupId, Name, Rev
from app.identity.group_paths import above, paths_of
from app.identity.models import Grant, Group, Membership
from app.identity.operations.account_views import AccountRow, GrantRow, describe, grants_of
from app.identity.operations.expulsion import Done
from app.identity.operations.grants import members_of
from app.identity.operations.group_rows import (
    GroupRow,
    GroupSort,
    describe_group,
    find_group,
    names_of,
    rights_of_group,
    row_of,
)
from app.operations.context import Context, Plane
from app.operations.operation import Effect, Route, Tier, operation
from app.operations.permissions import Permission

ON_CONSOLE = (Plane.CONSOLE,)


class GroupFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which groups to show."""

    search: Annotated[
        str, Meta(max_length=128, description="Part of the path, or of the head's name")
    ] = ""
    sort: Annotated[GroupSort, Meta(description="Column that sorts; - for downward")] = "path"


class GroupList(msgspec.Struct, frozen=True):
    """All groups that fit."""

    items: list[GroupRow]
    """By path, each below the one above it, unless another column sorts."""


class GroupDetails(msgspec.Struct, frozen=True, kw_only=True):
    """One group."""

    group: GroupRow
    """The group itself."""
    members: list[AccountRow]
    """By login ID."""
    grants: list[GrantRow]
    """What each member holds through it."""


class NewGroup(msgspec.Struct, frozen=True):
    """A group to be made."""

    name: Name


class GroupRef(msgspec.Struct, frozen=True):
    """One group."""

    group: GroupId


class GroupChange(msgspec.Struct, frozen=True):
    """A new name of a group."""

    group: GroupId
    rev: Rev
    name: Name


class GroupPlace(msgspec.Struct, frozen=True, kw_only=True):
    """Where a group stands and who leads it."""

    group: GroupId
    rev: Rev
    parent: Annotated[str, Meta(max_length=64, description="Group above it; empty: none")] = ""
    head: Annotated[str, Meta(max_length=64, description="Account that leads it; empty: none")] = ""


@operation(
    "groups.list",
    permission=Permission.ACCOUNTS_VIEW,
    effect=Effect.READ,
    planes=ON_CONSOLE,
    route=Route("GET", "/groups"),
)
def list_groups(context: Context, wanted: GroupFilter) -> GroupList:
    """Show the groups with the number of their members."""
    counts = dict(
        context.session.exec(
            select(Membership.group, func.count()).group_by(col(Membership.group))
        ).all()
    )
    found = context.session.exec(select(Group)).all()
    paths = paths_of(found)
    names = names_of(context.session, {group.head for group in found})
    rows = [row_of(group, counts.get(group.id, 0), paths, names) for group in found]
    part = wanted.search.casefold()
    fitting = [row for row in rows if part in f"{row.path}\n{row.head_name}".casefold()]
    fitting.sort(key=lambda row: row.path)
    name = wanted.sort.removeprefix("-")
    fitting.sort(key=lambda row: getattr(row, name), reverse=name != wanted.sort)  # ties by path
    return GroupList(fitting)


@operation(
    "groups.get",
    permission=Permission.ACCOUNTS_VIEW,
    effect=Effect.REVEAL,
    planes=ON_CONSOLE,
    route=Route("GET", "/groups/{group}"),
)
def get_group(context: Context, which: GroupRef) -> GroupDetails:
    """Show one group with its members and grants."""
    session = context.session
    group = find_group(context, which.group)
    members = [account_rows.by_id(session, each) for each in members_of(session, group.id)]
    return GroupDetails(
        group=describe_group(session, group),
        members=[describe(each) for each in sorted(members, key=lambda each: each.login_id)],
        grants=grants_of(session, group.id),
    )


@operation(
    "groups.create",
    permission=Permission.GRANTS_MANAGE,
    tier=Tier.T2_DANGEROUS,
    planes=ON_CONSOLE,
    route=Route("POST", "/groups", 201),
)
def create_group(context: Context, new: NewGroup) -> GroupRow:
    """Make a group without members and rights.

    Raise NameTaken.
    """
    _require_free(context.session, new.name, "")
    group = Group(id=new_identifier(), name=new.name, created_at=context.now)
    context.session.add(group)
    own_way.recompile(context, [], also=[group.id])
    context.event.about("group", group.id, group.name)
    context.session.flush()
    return describe_group(context.session, group)


@operation(
    "groups.rename",
    permission=Permission.GRANTS_MANAGE,
    tier=Tier.T2_DANGEROUS,
    planes=ON_CONSOLE,
    route=Route("PATCH", "/groups/{group}"),
)
def rename_group(context: Context, change: GroupChange) -> GroupRow:
    """Give a group another name.

    Raise NameTaken or Conflict.
    """
    session = context.session
    group = find_group(context, change.group)
    if group.name != change.name:
        _require_free(session, change.name, group.parent)
    context.event.change("name", group.name, change.name)
    changed = session.exec(
        update(Group)
        .where(col(Group.id) == group.id, col(Group.rev) == change.rev)
        .values(name=change.name, rev=change.rev + 1)
    )
    if changed.rowcount != 1:
        raise Conflict(name=group.name)
    session.refresh(group)
    own_way.recompile(context, [], also=[group.id])
    return describe_group(session, group)


@operation(
    "groups.place",
    permission=Permission.GRANTS_MANAGE,
    tier=Tier.T2_DANGEROUS,
    planes=ON_CONSOLE,
    route=Route("POST", "/groups/{group}/place"),
)
def place_group(context: Context, place: GroupPlace) -> GroupRow:
    """Say which group stands above a group, and who leads it.

    Raise CircleOfGroups, NameTaken or Conflict.
    """
    session = context.session
    group = find_group(context, place.group)
    if place.parent != group.parent:
        by_id = {each.id: each for each in session.exec(select(Group)).all()}
        if place.parent and place.parent not in by_id:
            raise NotFound(kind=mark("group"), name=place.parent)
        if place.parent and group.id in (place.parent, *above(by_id[place.parent], by_id)):
            raise CircleOfGroups(name=group.name, parent=by_id[place.parent].name)
        _require_free(session, group.name, place.parent)
        context.event.change("parent", group.parent, place.parent)
    if place.head != group.head:
        if place.head:
            account_rows.by_id(session, place.head)
        context.event.change("head", group.head, place.head)
    changed = session.exec(
        update(Group)
        .where(col(Group.id) == group.id, col(Group.rev) == place.rev)
        .values(parent=place.parent, head=place.head, rev=place.rev + 1)
    )
    if changed.rowcount != 1:
        raise Conflict(name=group.name)
    session.refresh(group)
    return describe_group(session, group)


@operation(
    "groups.delete",
    permission=Permission.GRANTS_MANAGE,
    tier=Tier.T2_DANGEROUS,
    planes=ON_CONSOLE,
    route=Route("DELETE", "/groups/{group}"),
)
def delete_group(context: Context, which: GroupRef) -> Done:
    """Delete a group; its members lose what they held through it.

    Raise LastOwner or BeyondYourRights.
    """
    session = context.session
    with rights.an_owner_remains(session):
        group = find_group(context, which.group)
        rights.require_reach(context.actor, rights_of_group(session, group.id))
        members = members_of(session, group.id)
        _lift(session, group)
        for statement in (
            delete(Membership).where(col(Membership.group) == group.id),
            delete(Grant).where(col(Grant.holder) == group.id),
            delete(Group).where(col(Group.id) == group.id),
        ):
            session.exec(statement)
        own_way.recompile(context, members, also=[group.id])
    context.event.numbers["members"] = len(members)
    return Done()


def _require_free(session: Session, name: str, parent: str) -> None:
    """Raise NameTaken where another group of this name stands below the same parent."""
    question = select(Group.id).where(Group.name == name, Group.parent == parent)
    if session.exec(question).first() is not None:
        raise NameTaken(name=name)


def _lift(session: Session, group: Group) -> None:
    """Let what stands below a group that goes stand below the one above it."""
    for below in session.exec(select(Group).where(Group.parent == group.id)).all():
        _require_free(session, below.name, group.parent)
        below.parent, below.rev = group.parent, below.rev + 1
    session.flush()
