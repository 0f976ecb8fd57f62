"""The roles of a list: given and taken, to everybody at once."""

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import ColumnElement, bindparam, delete, insert
from sqlmodel import Session, col

from app.core.errors import Conflict
from app.core.identifiers import new_identifier
from app.identity import own_roles, rights
from app.identity.models import Grant
from app.operations.context import Context
from app.operations.permissions import EVERYTHING, Rights
from app.people.plan import Change

NONE: frozenset[str] = frozenset()


def give_roles(context: Context, changes: Sequence[Change], accounts: Mapping[int, str]) -> None:
    """Give and take roles; `accounts` tells by row whom. Raise Conflict or BeyondYourRights."""
    told = [change for change in changes if change.roles is not None]
    known = own_roles.permissions_of_roles(context.session)
    for change in told:
        if not (change.roles or NONE) <= known.keys():
            raise Conflict(name=change.name)  # a role was deleted since the list was compared
    for role in {role for each in told for role in (each.roles or NONE) ^ each.old_roles}:
        gives = Rights((each, EVERYTHING) for each in known.get(role, ()))
        rights.require_reach(context.actor, gives)
    lost = [
        (accounts[change.row], role)
        for change in told
        for role in change.old_roles - (change.roles or NONE)
    ]
    given = [
        (accounts[change.row], role)
        for change in told
        for role in sorted((change.roles or NONE) - change.old_roles)
    ]
    _delete(context.session, lost, col(Grant.until) == 0)
    _delete(context.session, given, col(Grant.until) != 0)  # held until a day, now without an end
    _insert(context, given)


def _delete(
    session: Session, held: Iterable[tuple[str, str]], narrowed: ColumnElement[bool]
) -> None:
    """Delete what was given everywhere, by account and role."""
    rows = [{"who": account, "what": role} for account, role in held]
    if rows:
        session.connection().execute(
            delete(Grant).where(
                col(Grant.holder) == bindparam("who"),
                col(Grant.role) == bindparam("what"),
                col(Grant.scope) == EVERYTHING,
                ~col(Grant.taken),
                narrowed,
            ),
            rows,
        )


def _insert(context: Context, given: Iterable[tuple[str, str]]) -> None:
    rows = [
        {
            "id": new_identifier(),
            "holder": account,
            "role": role,
            "created_by": context.actor.account,
            "created_at": context.now,
        }
        for account, role in given
    ]
    if rows:
        context.session.connection().execute(insert(Grant), rows)
