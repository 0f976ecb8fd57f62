"""Compiled rights: what grants, roles and groups add up to, kept beside the account.

Each request reads one text in the row that it needs anyway; whoever changes a grant compiles anew
in the same transaction, so a change acts on the very next request (F4).
"""

import contextlib
import functools
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec
from sqlalchemy import func, or_, update
from sqlmodel import Session, col, select

from app.identity.errors import BeyondYourRights, LastOwner
from app.identity.models import Account, Grant, Membership
from app.identity.roles import PERMISSIONS, Role, is_administrative
from app.operations.context import Actor
from app.operations.permissions import EVERYTHING, Permission, Rights

KNOWN: Final = frozenset(permission.value for permission in Permission)


@functools.lru_cache(maxsize=1024)
def parse(compiled: str) -> Rights:
    """Return the rights of a compiled text. What this release does not know grants nothing."""
    pairs = msgspec.json.decode(compiled, type=list[tuple[str, str]])
    return Rights((name, scope) for name, scope in pairs if name in KNOWN)


def write(rights: Rights) -> str:
    """Return rights as text, always the same for the same rights."""
    return msgspec.json.encode(sorted(rights.grants())).decode()


def expand(permission: str, role: str, scope: str) -> Rights:
    """Return what one grant gives: one permission, or all of a role."""
    if role:
        return Rights((held.value, scope) for held in PERMISSIONS[Role(role)])
    return Rights([(permission, scope)])


def recompile(session: Session, accounts: Iterable[str] | None = None) -> None:
    """Compile anew the rights of `accounts`, or of everybody."""
    session.flush()
    if accounts is None:
        accounts = session.exec(select(Account.id)).all()
    for account in accounts:
        groups = select(Membership.group).where(Membership.account == account)
        grants = session.exec(
            select(Grant).where(or_(col(Grant.holder) == account, col(Grant.holder).in_(groups)))
        ).all()
        pairs = {
            pair
            for grant in grants
            for pair in expand(grant.permission, grant.role, grant.scope).grants()
        }
        is_owner = any(grant.role == Role.OWNER and grant.scope == EVERYTHING for grant in grants)
        session.exec(
            update(Account)
            .where(col(Account.id) == account)
            .values(rights=write(Rights(pairs)), is_owner=is_owner)
        )


@contextlib.contextmanager
def an_owner_remains(session: Session) -> Iterator[None]:
    """Run a change. Raise LastOwner if it leaves no active owner where there was one.

    Also where two owners suspend each other at once: changes are serialisable (`core.database`).
    """
    before = _owners(session)
    yield
    session.flush()
    if before and not _owners(session):
        raise LastOwner


def require_reach(actor: Actor, concerned: Rights) -> None:
    """Raise BeyondYourRights if `concerned` holds administrative rights that the actor lacks.

    Who could give what they lack, or reset the password of someone who has more, would have it.
    """
    if not is_within_reach(actor, concerned):
        raise BeyondYourRights


def is_within_reach(actor: Actor, concerned: Rights) -> bool:
    """Tell whether the actor holds every administrative right that `concerned` holds."""
    administrative = Rights(pair for pair in concerned.grants() if is_administrative(pair[0]))
    return actor.local or administrative.within(actor.rights)


def _owners(session: Session) -> int:
    return session.exec(
        select(func.count())
        .select_from(Account)
        .where(col(Account.is_owner), Account.state == "active")
    ).one()
