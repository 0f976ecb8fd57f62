"""Why somebody may do something: the chains of grants, on any day that is kept (METI-45).

account ← group ← role ← permission ← scope. A department does not pass its grants on to the
departments below it: each group gives what it was given itself, so that one look at one group
tells everything.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import Final

import msgspec
from sqlmodel import Session, col, or_, select

from app.identity.compiling import Compiled, Given, compile_rights
from app.identity.models import RightsPeriod
from app.identity.own_roles import BUILT_IN
from app.identity.periods import Bundle, InGroup, InState, Kind, Named
from app.identity.roles import NAMES, Role
from app.operations.permissions import Permission, covers, overlap

NO_ROLE: Final = Bundle("", [])
BUILT_IN_BUNDLES: Final = {role.value: Bundle(NAMES[role], sorted(BUILT_IN[role])) for role in Role}
"""What counts where no period of the product's roles was kept yet."""


class Stood(msgspec.Struct, frozen=True):
    """From when a fact stood, and who began it."""

    since: int
    by: str


class Chain(msgspec.Struct, frozen=True, kw_only=True):
    """One way in which a right comes to somebody, or is taken from them."""

    taken: bool
    """Takes away instead of giving."""
    group: str
    """Identifier of the group that holds the grant; empty where the person holds it."""
    group_name: str
    """As it was called then."""
    member_since: int
    """When the person came into the group (ms); 0 without a group."""
    member_by: str
    """Account that put the person there."""
    grant: str
    """Identifier of the grant."""
    role: str
    """Role that was granted; empty for a single permission."""
    role_name: str
    """As it was called then; of the product's own roles in English."""
    permission: str
    """The permission that it comes down to."""
    scope: str
    """Where it holds; empty: everywhere."""
    given_since: int
    """When it was given (ms)."""
    given_by: str
    """Account that gave it; empty where it came with the setup."""
    until: int
    """When it ends by itself (ms); 0: never."""


class Facts(msgspec.Struct):
    """Everything that rights were made of at one moment."""

    at: int
    grants: dict[str, list[tuple[Given, Stood]]]
    memberships: dict[str, list[tuple[str, Stood]]]
    groups: dict[str, str]
    roles: dict[str, Bundle]
    states: dict[str, str]

    def held(self, account: str) -> list[Given]:
        """Return the grants of an account and of its groups."""
        holders = [account, *(group for group, _ in self.memberships.get(account, ()))]
        return [given for holder in holders for given, _ in self.grants.get(holder, ())]

    def compiled(self, account: str) -> Compiled:
        """Return what an account might do, were it active."""
        permissions = {role: frozenset(one.permissions) for role, one in self.roles.items()}
        return compile_rights(self.held(account), permissions, self.at)

    def is_active(self, account: str) -> bool:
        """Tell whether an account could sign in."""
        return self.states.get(account) == "active"


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """Whether somebody could do something, and by which chains."""

    allowed: bool
    active: bool
    gives: list[Chain]
    takes: list[Chain]


def facts_at(session: Session, at: int, account: str = "") -> Facts:
    """Return what stood at `at`; of one account with its groups, or of everybody."""
    question = select(RightsPeriod).where(
        RightsPeriod.since <= at, or_(col(RightsPeriod.ended) == 0, col(RightsPeriod.ended) > at)
    )
    if account:
        groups = {
            msgspec.json.decode(one.detail, type=InGroup).group
            for one in session.exec(
                question.where(RightsPeriod.holder == account, RightsPeriod.kind == Kind.MEMBERSHIP)
            )
        }
        question = question.where(
            or_(
                col(RightsPeriod.holder).in_({account, *groups}),
                col(RightsPeriod.kind) == Kind.ROLE,
            )
        )
    return gather(session.exec(question).all(), at)


def gather(periods: Iterable[RightsPeriod], at: int) -> Facts:
    """Return the facts of those periods that stood at `at`."""
    grants: defaultdict[str, list[tuple[Given, Stood]]] = defaultdict(list)
    memberships: defaultdict[str, list[tuple[str, Stood]]] = defaultdict(list)
    facts = Facts(at, grants, memberships, {}, dict(BUILT_IN_BUNDLES), {})
    for one in periods:
        stood = Stood(one.since, one.begun_by)
        if one.kind == Kind.GRANT:
            given = msgspec.json.decode(one.detail, type=Given)
            grants[one.holder].append((given, stood))
        elif one.kind == Kind.MEMBERSHIP:
            group = msgspec.json.decode(one.detail, type=InGroup).group
            memberships[one.holder].append((group, stood))
        elif one.kind == Kind.GROUP:
            facts.groups[one.holder] = msgspec.json.decode(one.detail, type=Named).name
        elif one.kind == Kind.ROLE:
            facts.roles[one.holder] = msgspec.json.decode(one.detail, type=Bundle)
        else:
            facts.states[one.holder] = msgspec.json.decode(one.detail, type=InState).state
    return facts


def explain(facts: Facts, account: str, permission: str, scope: str) -> Explanation:
    """Return by which chains `account` could or could not do `permission` on `scope`."""
    found = [
        chain
        for chain in chains(facts, account, permission)
        if (overlap(chain.scope, scope) if chain.taken else covers(chain.scope, scope))
    ]
    active = facts.is_active(account)
    rights = facts.compiled(account).rights
    return Explanation(
        allowed=active and rights.allows(Permission(permission), scope),
        active=active,
        gives=[chain for chain in found if not chain.taken],
        takes=[chain for chain in found if chain.taken],
    )


def holders_of(facts: Facts, permission: str, scope: str) -> dict[str, Explanation]:
    """Return who could do `permission` on `scope`, each with the chains."""
    found = {}
    for account in facts.states:
        told = explain(facts, account, permission, scope)
        if told.allowed:
            found[account] = told
    return found


def chains(facts: Facts, account: str, permission: str) -> Iterable[Chain]:
    """Give every chain by which `permission` comes to an account, or is taken from it."""
    own: tuple[str, Stood | None] = (account, None)
    for holder, joined in (own, *facts.memberships.get(account, ())):
        for given, stood in facts.grants.get(holder, ()):
            bundle = facts.roles.get(given.role, NO_ROLE)
            reaches = permission in bundle.permissions or permission == given.permission
            if not reaches or not given.is_live(facts.at):
                continue
            yield Chain(
                taken=given.taken,
                group=holder if joined else "",
                group_name=facts.groups.get(holder, "") if joined else "",
                member_since=joined.since if joined else 0,
                member_by=joined.by if joined else "",
                grant=given.id,
                role=given.role,
                role_name=bundle.name,
                permission=permission,
                scope=given.scope,
                given_since=stood.since,
                given_by=stood.by,
                until=given.until,
            )
