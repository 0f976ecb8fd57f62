"""Who answers for a line: the head of the group, else of the one above, else the owner. Pure.

Nobody answers for their own rights while somebody above can. It is asked anew at each look, so a
head who leaves or is suspended holds nothing up.
"""

from collections.abc import Mapping

import msgspec
from sqlmodel import Session, select

from app.identity import account_rows
from app.identity.models import Account, Group


class Department(msgspec.Struct, frozen=True):
    """A group as the way up knows it."""

    name: str
    parent: str
    head: str


class Reviewer(msgspec.Struct, frozen=True):
    """Who answers for a line, and whether it came to them from elsewhere."""

    account: str
    passed_on: bool


class Chart(msgspec.Struct, frozen=True):
    """Groups with their heads, and the people who can act."""

    groups: Mapping[str, Department]
    active: frozenset[str]

    def reviewer(self, group: str, account: str, owner: str) -> Reviewer:
        """Return who answers for what `account` holds under `group`."""
        place, seen = group, set[str]()
        while (found := self.groups.get(place)) and place not in seen:
            seen.add(place)
            if found.head in self.active and found.head != account:
                return Reviewer(found.head, passed_on=place != group)
            place = found.parent
        return Reviewer(owner, passed_on=bool(group))


def chart_of(session: Session) -> Chart:
    """Return the groups and heads as they are now."""
    groups = session.exec(select(Group)).all()
    active = session.exec(select(Account.id).where(Account.state == account_rows.ACTIVE)).all()
    return Chart(
        {each.id: Department(each.name, each.parent, each.head) for each in groups},
        frozenset(active),
    )
