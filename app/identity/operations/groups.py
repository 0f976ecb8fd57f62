"""Groups: people who hold the same grants (F4)."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta
from sqlalchemy import delete, func, update
from sqlmodel import Session, col, select

from app.core.errors import Conflict, NotFound
from app.core.identifiers import new_identifier
from app.core.messages import mark
from app.identity import account_rows, own_way, rights
from app.identity.errors import CircleOfGroups, NameTaken
from app.identity.fields import AccountId, GroupId, Name, Rev
from app.identity.group_paths import Path, above, paths_of
from app.identity.models import Account, Grant, Group, Membership
from app.identity.operations.account_views import AccountRow, GrantRow, describe, grants_of
from app.identity.operations.expulsion import Done
from app.identity.operations.grants import members_of
from app.operations.context import Context, Plane
from app.operations.operation import Effect, Route, Tier, operation
from app.operations.permissions import Permission, Rights

ON_CONSOLE = (Plane.CONSOLE,)

GroupSort = Literal["path", "-path", "head_name", "-head_name", "members", "-members"]


class GroupRow(msgspec.Struct, frozen=True, kw_only=True):
    """A group in the list."""

    id: str
    """Identifier."""
    name: str
    """As it is shown."""
    rev: int
    """To be given back with a change."""
    members: int
    """Number of accounts."""
    path: str
    """Names from the top down to it, with / between."""
    parent: str = ""
    """Group above it; empty: none."""
    head: str = ""
    """Account that leads it; empty: nobody."""
    head_name: str = ""
    """As others see the head."""
    head_login_id: str = ""
    """Of the head."""


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


class Member(msgspec.Struct, frozen=True):
    """One account in one group."""

    group: GroupId
    account: AccountId


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
    names = _names(context.session, {group.head for group in found})
    rows = [_row(group, counts.get(group.id, 0), paths, names) for group in found]
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
    group = _find(context, which.group)
    members = [account_rows.by_id(session, each) for each in members_of(session, group.id)]
    return GroupDetails(
        group=_describe(session, group),
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
    return _describe(context.session, group)


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
    group = _find(context, change.group)
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
    return _describe(session, group)


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
    group = _find(context, place.group)
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
    return _describe(session, group)


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
        group = _find(context, which.group)
        rights.require_reach(context.actor, _rights_of(session, group.id))
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


@operation(
    "groups.add_member",
    permission=Permission.GRANTS_MANAGE,
    tier=Tier.T2_DANGEROUS,
    planes=ON_CONSOLE,
    route=Route("POST", "/groups/{group}/members"),
)
def add_member(context: Context, member: Member) -> Done:
    """Put an account into a group.

    Raise BeyondYourRights for a group that may do more than the actor.
    """
    session = context.session
    group = _find(context, member.group)
    rights.require_reach(context.actor, _rights_of(session, group.id))
    account = account_rows.by_id(session, member.account)
    if session.get(Membership, (group.id, account.id)) is not None:
        return Done(done=False)
    session.add(Membership(group=group.id, account=account.id))
    context.event.change("member", None, account.id)
    own_way.recompile(context, [account.id])
    return Done()


@operation(
    "groups.remove_member",
    permission=Permission.GRANTS_MANAGE,
    tier=Tier.T2_DANGEROUS,
    planes=ON_CONSOLE,
    route=Route("DELETE", "/groups/{group}/members/{account}"),
)
def remove_member(context: Context, member: Member) -> Done:
    """Take an account out of a group.

    Raise LastOwner or BeyondYourRights.
    """
    context.event.change("member", member.account, None)
    return Done(leave(context, member.group, member.account))


def leave(context: Context, group: str, account: str) -> bool:
    """Take an account out of a group, within the running operation; tell whether it was in it.

    Raise NotFound, LastOwner or BeyondYourRights.
    """
    session = context.session
    with rights.an_owner_remains(session):
        found = _find(context, group)
        rights.require_reach(context.actor, _rights_of(session, found.id))
        removed = session.exec(
            delete(Membership).where(
                col(Membership.group) == found.id, col(Membership.account) == account
            )
        )
        own_way.recompile(context, [account])
    return bool(removed.rowcount)


def _find(context: Context, identifier: str) -> Group:
    group = context.session.get(Group, identifier)
    if group is None:
        raise NotFound(kind=mark("group"), name=identifier)
    context.event.about("group", group.id, group.name)
    return group


def _require_free(session: Session, name: str, parent: str) -> None:
    """Raise NameTaken where another group of this name stands below the same parent."""
    question = select(Group.id).where(Group.name == name, Group.parent == parent)
    if session.exec(question).first() is not None:
        raise NameTaken(name=name)


def _rights_of(session: Session, group: str) -> Rights:
    return Rights(
        pair
        for grant in grants_of(session, group)
        for pair in rights.expand(session, grant.permission, grant.role, grant.scope).grants()
    )


def _lift(session: Session, group: Group) -> None:
    """Let what stands below a group that goes stand below the one above it."""
    for below in session.exec(select(Group).where(Group.parent == group.id)).all():
        _require_free(session, below.name, group.parent)
        below.parent, below.rev = group.parent, below.rev + 1
    session.flush()


def _describe(session: Session, group: Group) -> GroupRow:
    paths = paths_of(session.exec(select(Group)).all())
    return _row(group, len(members_of(session, group.id)), paths, _names(session, {group.head}))


def _names(session: Session, accounts: set[str]) -> dict[str, tuple[str, str]]:
    found = session.exec(
        select(Account.id, Account.name, Account.login_id).where(col(Account.id).in_(accounts))
    )
    return {account: (name, login_id) for account, name, login_id in found.all()}


def _row(
    group: Group, members: int, paths: dict[str, Path], names: dict[str, tuple[str, str]]
) -> GroupRow:
    head_name, head_login_id = names.get(group.head, ("", ""))
    return GroupRow(
        id=group.id,
        name=group.name,
        rev=group.rev,
        members=members,
        path="/".join(paths[group.id]),
        parent=group.parent,
        head=group.head,
        head_name=head_name,
        head_login_id=head_login_id,
    )
