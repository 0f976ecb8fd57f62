"""Lock-out: after some failures each further attempt waits longer, by account and by address.

Never for ever (a stranger could lock everybody out), and the same for login IDs that do not exist.
SP 800-63B-4 section 3.2.2 allows 100 failures in a row; growing to one hour keeps far below that.
"""

import hashlib
import ipaddress
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy import delete, text, update
from sqlmodel import Session, col, select

from app.core.clock import DAY, HOUR, MINUTE, SECOND
from app.identity import policies
from app.identity.models import Attempts

FORGOTTEN_AFTER: Final = DAY
IPV6_NETWORK: Final = 64
"""One customer line holds a whole /64: counting single addresses would count nothing."""


@dataclass(frozen=True, slots=True)
class Rule:
    """How long to wait after how many failures."""

    free: int
    """Failures that cost nothing."""
    first_wait: int
    """Milliseconds; doubles with each further failure."""
    longest_wait: int


BY_ACCOUNT: Final = Rule(free=5, first_wait=30 * SECOND, longest_wait=HOUR)
BY_ADDRESS: Final = Rule(free=30, first_wait=30 * SECOND, longest_wait=15 * MINUTE)
"""A whole office may stand behind one address."""


def rule_for_accounts(session: Session) -> Rule:
    """Return how long an account waits: ours, or the fixed time that a company has chosen."""
    rules = policies.load(session).password
    if not rules.lock_minutes:
        return replace(BY_ACCOUNT, free=rules.free_failures)
    lock = rules.lock_minutes * MINUTE
    return Rule(free=rules.free_failures, first_wait=lock, longest_wait=lock)


def remaining(rule: Rule, failures: int, last_failure_at: int, now: int) -> int:
    """Return how many milliseconds the next attempt still has to wait."""
    if failures < rule.free or now - last_failure_at >= FORGOTTEN_AFTER:
        return 0
    doublings = min(failures - rule.free, 32)
    wait = min(rule.first_wait << doublings, rule.longest_wait)
    return max(0, last_failure_at + wait - now)


def subjects(login_id: str, peer: str) -> dict[str, Rule]:
    """Return what is counted for an attempt: the (folded) login ID and the network it came from."""
    found = {_subject("account", login_id): BY_ACCOUNT} if login_id else {}
    network = _network(peer)
    if network:
        found[_subject("address", network)] = BY_ADDRESS
    return found


def wait(session: Session, login_id: str, peer: str, now: int) -> int:
    """Return the seconds that an attempt has to wait, 0 if it may go ahead; takes no lock."""
    rules = subjects(login_id, peer)
    of_account = rule_for_accounts(session)
    rules = {name: of_account if rule is BY_ACCOUNT else rule for name, rule in rules.items()}
    rows = session.exec(select(Attempts).where(col(Attempts.subject).in_(rules))).all()
    waits = [remaining(rules[row.subject], row.failures, row.last_failure_at, now) for row in rows]
    return -(-max(waits, default=0) // SECOND)


def wait_in_turn(session: Session, login_id: str, peer: str, now: int) -> int:
    """Like `wait`, but attempts on the same account or address come one after the other.

    Otherwise a right guess among a hundred sent at once would find the counter still low.
    """
    for subject in sorted(subjects(login_id, peer)):
        session.connection().execute(_make_row, {"subject": subject, "now": now})
        session.exec(
            select(Attempts.subject).where(Attempts.subject == subject).with_for_update()
        ).one()
    return wait(session, login_id, peer, now)


def count(session: Session, login_id: str, peer: str, now: int) -> None:
    """Count one failure, and forget the counts of whoever stopped failing long ago."""
    session.exec(delete(Attempts).where(col(Attempts.last_failure_at) < now - FORGOTTEN_AFTER))
    for subject in sorted(subjects(login_id, peer)):
        session.connection().execute(_make_row, {"subject": subject, "now": now})
        session.exec(
            update(Attempts)
            .where(col(Attempts.subject) == subject)
            .values(failures=Attempts.failures + 1, last_failure_at=now)
        )


def forget(session: Session, login_id: str) -> None:
    """Forget the failures of an account that was proven. Those of the address stay."""
    session.exec(delete(Attempts).where(col(Attempts.subject).in_(subjects(login_id, ""))))


_make_row = text(
    "INSERT INTO identity_attempts (subject, failures, last_failure_at) "
    "VALUES (:subject, 0, :now) ON CONFLICT (subject) DO NOTHING"
)


def _subject(kind: str, name: str) -> str:
    return hashlib.sha256(f"{kind}:{name}".encode("utf-8", "surrogatepass")).hexdigest()


def _network(peer: str) -> str:
    try:
        address = ipaddress.ip_address(peer)
    except ValueError:
        return ""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((int(address), IPV6_NETWORK), strict=False))
    return str(address)
