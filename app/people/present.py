"""Who and which departments there are, as the plan compares the list with them."""

import msgspec
from sqlmodel import Session, col, select

from app.identity import own_roles, rights
from app.identity.given_rows import read_grants
from app.identity.group_paths import paths_of
from app.identity.models import Account, Group, Membership
from app.operations.context import Context
from app.operations.permissions import Rights
from app.people.entries import Path

KINDS = ("staff", "partner")
"""Who stands in a list of people."""


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody with an account."""

    id: str
    rev: int
    employee_number: str
    login_id: str
    name: str
    kind: str
    state: str
    language: str
    mail: str
    leaves_on: str
    is_owner: bool
    departments: frozenset[Path] = frozenset()
    roles: frozenset[str] = frozenset()
    """Held by the person itself, everywhere, without end."""
    reachable: bool = True
    """The one who imports holds every administrative right that this person holds."""


class Department(msgspec.Struct, frozen=True, kw_only=True):
    """A group that there is, by its names from the top down."""

    id: str
    path: Path
    head: str = ""
    """Account; empty: nobody."""
    is_department: bool = True
    """Else a group of people like any other, which the list would make a department."""
    reachable: bool = True
    """The one who imports holds every administrative right that it gives."""


class Present(msgspec.Struct, frozen=True, kw_only=True):
    """What the list is compared with."""

    people: list[Person]
    departments: dict[Path, Department]
    givable: frozenset[str]
    """Roles that the one who imports may give and take."""
    own_roles: dict[str, str] = {}
    """Names of the company's own roles, by identifier."""


def load(context: Context, session: Session) -> Present:
    """Return who and what is there, seen by the one who imports."""
    actor = context.actor
    groups = list(session.exec(select(Group)).all())
    paths = paths_of(groups)
    departments = {group.id for group in groups if group.is_department}
    bundles = own_roles.permissions_of_roles(session)
    roles: dict[str, set[str]] = {}
    given: dict[str, set[tuple[str, str]]] = {}
    for holder, _, grant in read_grants(session):
        if grant.role and not grant.scope and not grant.taken and not grant.until:
            roles.setdefault(holder, set()).add(grant.role)
        if holder in paths:
            given.setdefault(holder, set()).update(grant.pairs(bundles))
    of: dict[str, set[Path]] = {}
    for membership in session.exec(
        select(Membership.account, Membership.group).where(col(Membership.group).in_(departments))
    ):
        of.setdefault(membership[0], set()).add(paths[membership[1]])
    columns = [getattr(Account, name) for name in (*Person.__struct_fields__[:11], "rights")]
    people = []
    for row in session.exec(select(*columns)):
        found = row._asdict()
        held = found.pop("rights")
        found["employee_number"] = found["employee_number"] or ""
        people.append(
            Person(
                **found,
                departments=frozenset(of.get(found["id"], ())),
                roles=frozenset(roles.get(found["id"], ())),
                reachable=rights.is_within_reach(actor, rights.parse(held)),
            )
        )
    return Present(
        people=people,
        departments={
            paths[group.id]: Department(
                id=group.id,
                path=paths[group.id],
                head=group.head,
                is_department=group.is_department,
                reachable=rights.is_within_reach(actor, Rights(given.get(group.id, ()))),
            )
            for group in groups
        },
        givable=frozenset(
            role
            for role in bundles
            if rights.is_within_reach(actor, rights.expand(session, "", role, ""))
        ),
        own_roles=own_roles.own_names(session),
    )
