"""Compiled rights: what grants, roles and groups add up to, kept beside the account.

Each request reads one text in the row that it needs anyway; whoever changes a grant compiles anew
in the same transaction, so a change acts on the very next request (F4). A grant that ends needs
nobody: the moment stands beside the text, and from then on it is compiled at each look.
"""

import contextlib
import functools
import itertools
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import msgspec
from sqlalchemy import bindparam, update
from sqlmodel import Session, col, select

from app.core import clock
from app.identity import client_certificates, own_roles, periods
from app.identity.access_rules import bounds_of, read_rules
from app.identity.bounds import asks_for_certificate
from app.identity.compiling import Compiled, Given, PermissionsOf, compile_rights
from app.identity.errors import BeyondYourRights, LastOwner
from app.identity.given_rows import read_grants
from app.identity.models import Account, Membership
from app.identity.roles import is_administrative
from app.operations.context import Actor, Plane
from app.operations.permissions import Permission, Rights

KNOWN: Final = frozenset(permission.value for permission in Permission)
TAKEN: Final = "-"
"""Stands before a permission that is taken away."""
AT_ONCE: Final = 500
"""Accounts that are compiled together: some queries for all of them."""


@functools.lru_cache(maxsize=1024)
def parse(compiled: str) -> Rights:
    """Return the rights of a compiled text. What this release does not know grants nothing."""
    pairs = msgspec.json.decode(compiled, type=list[tuple[str, str]])
    return Rights(
        ((name, scope) for name, scope in pairs if name in KNOWN),
        ((name[1:], scope) for name, scope in pairs if name[:1] == TAKEN and name[1:] in KNOWN),
    )


def write(rights: Rights) -> str:
    """Return rights as text, always the same for the same rights."""
    taken = {(TAKEN + name, scope) for name, scope in rights.taken()}
    return msgspec.json.encode(sorted(rights.grants() | taken)).decode()


def held_by(session: Session, account: Account, now: int) -> Rights:
    """Return what an account may do at `now`."""
    return current(session, account.id, account.rights, account.rights_until, now)


def current(session: Session, account: str, compiled: str, until: int, now: int) -> Rights:
    """Return the rights of a compiled text, or those that are left when it is too old."""
    if until == 0 or now < until:
        return parse(compiled)
    roles = own_roles.permissions_of_roles(session)
    return compile_rights(grants_held(session, [account])[account], roles, now).rights


def expand(session: Session, permission: str, role: str, scope: str) -> Rights:
    """Return what one grant gives: one permission, or all of a role."""
    grant = Given(id="", permission=permission, role=role, scope=scope)
    return Rights(grant.pairs(own_roles.permissions_of_roles(session)))


def recompile(
    session: Session,
    accounts: Iterable[str] | None = None,
    *,
    by: str = "",
    also: Iterable[str] = (),
) -> None:
    """Compile anew the rights of `accounts`, or of everybody, and keep what changed (METI-45).

    `by` is the account that changed something; `also` names groups and roles that changed and
    may have nobody in them.
    """
    session.flush()
    now, roles = clock.now(), own_roles.permissions_of_roles(session)
    concerned = set(also)
    if accounts is None:
        accounts = session.exec(select(Account.id)).all()
        concerned |= periods.everything_but_accounts(session)
    wanted = iter(sorted(set(accounts)))
    while some := list(itertools.islice(wanted, AT_ONCE)):
        _compile(session, some, roles, now)
        concerned.update(some, *_groups_of(session, some).values())
    periods.keep(session, concerned, by=by, now=now)


def grants_held(session: Session, accounts: Sequence[str]) -> dict[str, list[Given]]:
    """Return for each account its own grants and those of its groups."""
    groups = _groups_of(session, accounts)
    holders = {*accounts, *itertools.chain.from_iterable(groups.values())}
    by_holder: defaultdict[str, list[Given]] = defaultdict(list)
    wanted = iter(sorted(holders))
    while part := list(itertools.islice(wanted, AT_ONCE)):
        for held in read_grants(session, part):
            by_holder[held.holder].append(held.given)
    return {
        account: [grant for holder in (account, *groups[account]) for grant in by_holder[holder]]
        for account in accounts
    }


def compiled_of(
    session: Session, accounts: Sequence[str], roles: PermissionsOf, now: int
) -> dict[str, Compiled]:
    """Return what each account may do at `now` if roles gave what `roles` says."""
    held = grants_held(session, accounts)
    return {account: compile_rights(held[account], roles, now) for account in accounts}


def _compile(session: Session, accounts: Sequence[str], roles: PermissionsOf, now: int) -> None:
    held = grants_held(session, accounts)
    found = {account: compile_rights(held[account], roles, now) for account in accounts}
    bounds = bounds_of(read_rules(session))
    session.connection().execute(
        update(Account)
        .where(col(Account.id) == bindparam("account"))
        .values(
            rights=bindparam("compiled"),
            rights_until=bindparam("until"),
            is_owner=bindparam("is"),
            bounds=bindparam("limits"),
        ),
        [
            {
                "account": account,
                "compiled": write(one.rights),
                "until": one.until,
                "is": one.is_owner,
                "limits": bounds(account, held[account], now),
            }
            for account, one in found.items()
        ],
    )
    for account in session.identity_map.values():
        if isinstance(account, Account) and account.id in found:
            session.expire(account, ["rights", "rights_until", "is_owner", "bounds"])


def _groups_of(session: Session, accounts: Sequence[str]) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {account: [] for account in accounts}
    question = select(Membership.account, Membership.group).where(
        col(Membership.account).in_(accounts)
    )
    for account, group in session.exec(question):
        groups[account].append(group)
    return groups


@contextlib.contextmanager
def an_owner_remains(session: Session) -> Iterator[None]:
    """Run a change. Raise LastOwner if it leaves no active owner where there was one.

    An owner who needs a client certificate for the console and holds none is none who remains.

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
    administrative = Rights(
        (pair for pair in concerned.grants() if is_administrative(pair[0])), concerned.taken()
    )
    return actor.local or administrative.within(actor.rights)


def _owners(session: Session) -> int:
    owners = session.exec(
        select(Account.id, Account.bounds).where(col(Account.is_owner), Account.state == "active")
    ).all()
    bound = {one for one, bounds in owners if asks_for_certificate(bounds, Plane.CONSOLE)}
    if bound:
        bound -= client_certificates.holders(session, clock.now())
    return len(owners) - len(bound)
