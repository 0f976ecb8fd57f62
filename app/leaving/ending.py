"""Ending one person: first what passes on, then everything else, in one transaction."""

from typing import Final

import msgspec
from sqlmodel import Session

from app.core.messages import mark
from app.identity import account_rows, rights
from app.identity.holdings import Holding, all_holdings
from app.identity.models import Account
from app.leaving.days import is_over
from app.leaving.errors import UnsuitableSuccessor
from app.leaving.models import Departure
from app.operations.context import Context

SHOWN: Final = 20
"""Things of one kind that a page shows; the count tells of all."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of what a person held."""

    passed: dict[str, int]
    """Kind of holding → how many passed to the successor."""
    ended: dict[str, int]
    """Kind of holding → how many ended."""


def end_person(context: Context, account: Account) -> Outcome:
    """End everything that a person holds. Raise LastOwner if nobody would be owner any more.

    Whoever is named as successor takes over what can pass, if they may still act.
    """
    session, now = context.session, context.now
    successor = taker(session, account)
    outcome = Outcome(passed={}, ended={})
    last_day = account.leaves_on
    with rights.an_owner_remains(session):
        if successor is not None:
            _pass_on(session, account.id, successor.id, outcome)
        for holding in all_holdings():
            if holding.end and (count := holding.end(session, account.id, now)):
                outcome.ended[holding.kind] = count
        session.refresh(account)
        account.state = account_rows.SUSPENDED
        account.changed_at = now
        account.rev += 1
        session.merge(
            Departure(
                account=account.id,
                last_day=last_day,
                at=now,
                successor=successor.id if successor else "",
                ended=msgspec.json.encode(outcome.ended).decode(),
                passed=msgspec.json.encode(outcome.passed).decode(),
            )
        )
        rights.recompile(session, [account.id], by=context.actor.account)
    return outcome


def _pass_on(session: Session, leaver: str, successor: str, outcome: Outcome) -> None:
    for holding in all_holdings():
        if holding.pass_on and (count := holding.pass_on(session, leaver, successor)):
            outcome.passed[holding.kind] = count


def taker(session: Session, account: Account) -> Account | None:
    """Return the successor if there is one who may take over now."""
    if not account.successor:
        return None
    found = session.get(Account, account.successor)
    return found if found is not None and found.state == account_rows.ACTIVE else None


def check_successor(session: Session, account: Account, successor: str, last_day: str) -> None:
    """Raise NotFound or UnsuitableSuccessor unless the successor stays longer than the leaver."""
    found = account_rows.by_id(session, successor)
    reason = ""
    if found.id == account.id:
        reason = mark("it is the person who leaves.")
    elif found.state != account_rows.ACTIVE:
        reason = mark("the account is suspended.")
    elif found.leaves_on and (not last_day or found.leaves_on <= last_day):
        reason = mark("this person leaves no later.")
    if reason:
        raise UnsuitableSuccessor(name=found.name, reason=reason)


def unpassed(session: Session, account: Account) -> list[tuple[Holding, int]]:
    """Return what should pass on and has nobody to pass to: kind and how many."""
    if taker(session, account) is not None:
        return []
    counts = [
        (holding, len(holding.held(session, account.id)))
        for holding in all_holdings()
        if holding.pass_on is not None
    ]
    return [(holding, count) for holding, count in counts if count]


def is_due(account: Account, departure: Departure | None, now: int) -> bool:
    """Tell whether a person's last day is over and nothing was done about it yet.

    Each last day acts once: whatever the clock does later, and also where the person came back.
    """
    if not account.leaves_on or not is_over(account.leaves_on, account.time_zone, now):
        return False
    return departure is None or departure.last_day != account.leaves_on
