"""Access rules as rows, and what they add up to for each account."""

import enum
from collections.abc import Callable, Iterable, Mapping
from typing import Final

import msgspec
from sqlmodel import Session, select

from app.identity.bounds import Rule, compile_bounds
from app.identity.compiling import Given
from app.identity.models import AccessRule

NO_RULE: Final = Rule()
BoundsOf = Callable[[str, Iterable[Given], int], str]
"""Account, what it was given, the moment → the text beside the account."""


class Kind(enum.StrEnum):
    """Whom a rule concerns."""

    AREA = "area"
    ROLE = "role"
    ACCOUNT = "account"


def read_rules(session: Session) -> dict[tuple[str, str], Rule]:
    """Return every rule, by kind and subject."""
    return {(row.kind, row.subject): rule_of(row) for row in session.exec(select(AccessRule))}


def rule_of(row: AccessRule) -> Rule:
    """Return what a row says."""
    networks = msgspec.json.decode(row.networks, type=tuple[str, ...])
    return Rule(networks=networks, certificate=row.certificate)


def roles_held(given: Iterable[Given], at: int) -> set[str]:
    """Return the roles that somebody holds, on whatever scope."""
    return {one.role for one in given if one.role and not one.taken and one.is_live(at)}


def bounds_of(rules: Mapping[tuple[str, str], Rule]) -> BoundsOf:
    """Return what tells the bounds of an account out of these rules."""
    areas = [
        subject for (kind, subject), one in rules.items() if kind == Kind.AREA and one.certificate
    ]

    def tell(account: str, given: Iterable[Given], at: int) -> str:
        if not rules:
            return ""
        roles = sorted(roles_held(given, at))
        concerning = [rules.get((Kind.ROLE, role), NO_RULE) for role in roles]
        concerning.append(rules.get((Kind.ACCOUNT, account), NO_RULE))
        return compile_bounds(areas, concerning)

    return tell
