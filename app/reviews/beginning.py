"""The lines with which a review begins: what each active person holds now."""

from collections.abc import Iterator

import msgspec
from sqlmodel import Session, col, select

from app.core.identifiers import new_identifier
from app.identity import account_rows
from app.identity.group_paths import named_paths
from app.identity.models import Account, Grant, Membership, RightsPeriod
from app.identity.periods import InGroup, Kind
from app.reviews.models import ReviewLine


def lines_for(session: Session, campaign: str, groups: frozenset[str]) -> Iterator[ReviewLine]:
    """Yield a line for each grant and each membership of people in `groups`; empty: everybody."""
    names = named_paths(session)
    memberships = session.exec(select(Membership)).all()
    of: dict[str, list[str]] = {}
    for one in memberships:
        of.setdefault(one.account, []).append(one.group)
    joined = _joined(session)
    grants: dict[str, list[Grant]] = {}
    for grant in session.exec(select(Grant).where(~col(Grant.taken)).order_by(Grant.id)):
        grants.setdefault(grant.holder, []).append(grant)
    people = session.exec(
        select(Account).where(Account.state == account_rows.ACTIVE).order_by(Account.login_id)
    ).all()
    for person in people:
        mine = sorted(of.get(person.id, ()), key=names.__getitem__)
        if groups and not groups.intersection(mine):
            continue
        home = next((each for each in mine if each in groups or not groups), "")
        for grant in grants.get(person.id, ()):
            words = f"role:{grant.role}" if grant.role else grant.permission
            yield _line(
                campaign,
                person,
                group=home,
                kind="grant",
                thing=grant.id,
                right=" ".join(filter(None, (words, grant.scope))),
                since=grant.created_at,
            )
        for group in mine:
            if not groups or group in groups:
                yield _line(
                    campaign,
                    person,
                    group=group,
                    kind="membership",
                    thing=group,
                    right=names[group],
                    since=joined.get((person.id, group), 0),
                )


def _joined(session: Session) -> dict[tuple[str, str], int]:
    """Return since when each account is in each of its groups."""
    return {
        (one.holder, msgspec.json.decode(one.detail, type=InGroup).group): one.since
        for one in session.exec(
            select(RightsPeriod).where(
                RightsPeriod.kind == Kind.MEMBERSHIP, RightsPeriod.ended == 0
            )
        )
    }


def _line(
    campaign: str, person: Account, *, group: str, kind: str, thing: str, right: str, since: int
) -> ReviewLine:
    return ReviewLine(
        id=new_identifier(),
        campaign=campaign,
        account=person.id,
        login_id=person.login_id,
        name=person.name,
        group=group,
        kind=kind,
        thing=thing,
        right=right,
        since=since,
    )
