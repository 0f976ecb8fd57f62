"""Groups as they are shown: by their path, with who leads them and how many are in them."""

from typing import Literal

import msgspec
from sqlmodel import Session, col, select

from app.core.errors import NotFound
from app.core.messages import mark
from app.identity import rights
from app.identity.group_paths import Path, paths_of
from app.identity.models import Account, Group
from app.identity.operations.account_views import grants_of
from app.identity.operations.grants import members_of
from app.operations.context import Context
from app.operations.permissions import Rights

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


def find_group(context: Context, identifier: str) -> Group:
    """Return a group, and name it in the event. Raise NotFound."""
    group = context.session.get(Group, identifier)
    if group is None:
        raise NotFound(kind=mark("group"), name=identifier)
    context.event.about("group", group.id, group.name)
    return group


def rights_of_group(session: Session, group: str) -> Rights:
    """Return what each member holds through a group."""
    return Rights(
        pair
        for grant in grants_of(session, group)
        for pair in rights.expand(session, grant.permission, grant.role, grant.scope).grants()
    )


def describe_group(session: Session, group: Group) -> GroupRow:
    """Return one group as it is shown."""
    paths = paths_of(session.exec(select(Group)).all())
    return row_of(group, len(members_of(session, group.id)), paths, names_of(session, {group.head}))


def names_of(session: Session, accounts: set[str]) -> dict[str, tuple[str, str]]:
    """Return name and login ID of accounts, by identifier."""
    found = session.exec(
        select(Account.id, Account.name, Account.login_id).where(col(Account.id).in_(accounts))
    )
    return {account: (name, login_id) for account, name, login_id in found.all()}


def row_of(
    group: Group, members: int, paths: dict[str, Path], names: dict[str, tuple[str, str]]
) -> GroupRow:
    """Return a group as it is shown, of what was read for many at once."""
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
