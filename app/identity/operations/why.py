"""Why may this person do this, who could on a past day, and what two people differ in (METI-45)."""

from collections.abc import Iterable, Iterator
from typing import Annotated

import msgspec
from msgspec import Meta
from sqlmodel import Session, col, select

from app.core.csv_lines import csv_head, csv_line, iso
from app.core.errors import InvalidInput
from app.core.messages import mark
from app.identity import account_rows, explaining, own_roles, rights
from app.identity.entering import OwnCertificate, areas_with_certificate, valid_certificates
from app.identity.explaining import Chain, Explanation
from app.identity.fields import AccountId
from app.identity.models import Account
from app.identity.operations.access_rules import RuleRow, concerning
from app.operations.context import Context, Plane
from app.operations.download import Download
from app.operations.operation import Effect, Route, operation
from app.operations.permissions import Permission

ON_CONSOLE = (Plane.CONSOLE,)
ONE_PERMISSION = Annotated[str, Meta(max_length=64, description="Permission, as records.view")]
SCOPE = Annotated[
    str,
    Meta(
        max_length=256,
        pattern=r"^([a-z0-9_-]+(/[a-z0-9_-]+)*)?$(?!\n)",
        description="Where, such as tables/12; empty: everywhere",
    ),
]
MOMENT = Annotated[int, Meta(ge=0, lt=2**62, description="Moment that is asked about (ms); 0: now")]


class WhyAsked(msgspec.Struct, frozen=True, kw_only=True):
    """One person, one permission, one place, one moment."""

    account: AccountId
    permission: ONE_PERMISSION
    scope: SCOPE = ""
    at: MOMENT = 0


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """Whether one person could, and why."""

    account: str
    """Identifier."""
    login_id: str
    """As it is called today."""
    name: str
    """As it is called today."""
    allowed: bool
    """Whether the person could do it."""
    active: bool
    """Whether the person could sign in at all."""
    gives: list[Chain]
    """Each way in which it was given."""
    takes: list[Chain]
    """What took it away: that wins."""


class WayIn(msgspec.Struct, frozen=True, kw_only=True):
    """From where and with which certificate somebody may come in, as the rules stand now."""

    rules: list[RuleRow]
    """All that concern the person, of areas, of their roles, their own; they hold at once."""
    certificate_areas: tuple[str, ...]
    """Areas that they enter with a certificate of their own only: console, workspace, api."""
    certificates: list[OwnCertificate]
    """Their valid ones."""


class WhyAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Why this person may do this, or may not."""

    answer: Answer
    """Whether, and by which chains."""
    at: int
    """The moment that was asked about (ms)."""
    people: dict[str, str]
    """Account → name of those who gave something."""
    way_in: WayIn | None
    """From where and with what they may come in; none about a past moment, of which the history
    tells."""


class WhoAsked(msgspec.Struct, frozen=True, kw_only=True):
    """One permission, one place, one moment."""

    permission: ONE_PERMISSION
    scope: SCOPE = ""
    at: MOMENT = 0


class WhoAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Everybody who could, each with the chains."""

    items: list[Answer]
    """By login ID."""
    at: int
    """The moment that was asked about (ms)."""
    people: dict[str, str]
    """Account → name of those who gave something."""


class Comparison(msgspec.Struct, frozen=True):
    """Two people to be put side by side."""

    left: Annotated[str, Meta(max_length=64, description="Identifier of one account")]
    right: Annotated[str, Meta(max_length=64, description="Identifier of the other")]


class Side(msgspec.Struct, frozen=True):
    """One of the two."""

    account: str
    """Identifier."""
    login_id: str
    """One spelling."""
    name: str
    """As others see it."""


class ComparedRight(msgspec.Struct, frozen=True, kw_only=True):
    """One right that at least one of the two has."""

    permission: str
    """Permission."""
    scope: str
    """Where; empty: everywhere."""
    taken: bool
    """Is taken away there, instead of given."""
    left: bool
    """Whether it is so for the one."""
    right: bool
    """Whether it is so for the other."""


class Compared(msgspec.Struct, frozen=True):
    """Two people side by side."""

    left: Side
    """The one."""
    right: Side
    """The other."""
    items: list[ComparedRight]
    """Everything that at least one of them has."""


@operation(
    "rights.explain",
    permission=Permission.ACCOUNTS_VIEW,
    effect=Effect.REVEAL,
    planes=ON_CONSOLE,
    route=Route("GET", "/accounts/{account}/why"),
)
def explain_right(context: Context, asked: WhyAsked) -> WhyAnswer:
    """Tell why a person may do something, or might on a past day."""
    session = context.session
    at = _checked(context, asked.permission, asked.at)
    account = account_rows.by_id(session, asked.account)
    context.event.about("account", account.id, account.name)
    facts = explaining.facts_at(session, at, account.id)
    told = explaining.explain(facts, account.id, asked.permission, asked.scope)
    return WhyAnswer(
        answer=_answer(account, told),
        at=at,
        people=_givers(session, [told]),
        way_in=None if asked.at else _way_in(context, account),
    )


@operation(
    "rights.holders",
    permission=Permission.ACCOUNTS_VIEW,
    effect=Effect.REVEAL,
    planes=ON_CONSOLE,
    route=Route("GET", "/rights/holders"),
)
def list_holders(context: Context, asked: WhoAsked) -> WhoAnswer:
    """Tell who may do something, or could on a past day, each with the chain."""
    at = _checked(context, asked.permission, asked.at)
    answer = _holders(context.session, asked, at)
    context.event.numbers["rows"] = len(answer.items)
    return answer


@operation(
    "rights.export",
    permission=Permission.ACCOUNTS_EXPORT,
    effect=Effect.REVEAL,
    planes=ON_CONSOLE,
    route=Route("GET", "/rights/holders/export"),
)
def export_holders(context: Context, asked: WhoAsked) -> Download:
    """Download who may or could do something, as CSV."""
    at = _checked(context, asked.permission, asked.at)
    answer = _holders(context.session, asked, at)
    context.event.numbers["rows"] = len(answer.items)
    return Download("rights.csv", "text/csv; charset=utf-8", _csv(answer))


@operation(
    "rights.compare",
    permission=Permission.ACCOUNTS_VIEW,
    effect=Effect.REVEAL,
    planes=ON_CONSOLE,
    route=Route("GET", "/rights/compare"),
)
def compare(context: Context, wanted: Comparison) -> Compared:
    """Put the rights of two people side by side."""
    sides, held = [], []
    for identifier in (wanted.left, wanted.right):
        account = account_rows.by_id(context.session, identifier)
        context.event.about("account", account.id, account.name)
        found = rights.held_by(context.session, account, context.now)
        sides.append(Side(account.id, account.login_id, account.name))
        held.append(
            {(*pair, False) for pair in found.grants()} | {(*pair, True) for pair in found.taken()}
        )
    left, right = held
    return Compared(
        sides[0],
        sides[1],
        [
            ComparedRight(
                permission=each[0],
                scope=each[1],
                taken=each[2],
                left=each in left,
                right=each in right,
            )
            for each in sorted(left | right)
        ],
    )


def _way_in(context: Context, account: Account) -> WayIn:
    return WayIn(
        rules=concerning(context.session, account.id, context.now),
        certificate_areas=areas_with_certificate(account),
        certificates=valid_certificates(context.session, account.id, context.now),
    )


def _checked(context: Context, permission: str, at: int) -> int:
    """Return the moment that is asked about. Raise InvalidInput."""
    if permission not in own_roles.GRANTABLE:
        raise InvalidInput(field="permission", reason=mark("there is no such permission."))
    if at > context.now:
        raise InvalidInput(field="at", reason=mark("what will be is not known yet."))
    return at or context.now


def _holders(session: Session, asked: WhoAsked, at: int) -> WhoAnswer:
    found = explaining.holders_of(explaining.facts_at(session, at), asked.permission, asked.scope)
    accounts = session.exec(select(Account).order_by(Account.login_id)).all()
    return WhoAnswer(
        items=[_answer(each, found[each.id]) for each in accounts if each.id in found],
        at=at,
        people=_givers(session, found.values()),
    )


def _answer(account: Account, told: Explanation) -> Answer:
    return Answer(
        account=account.id,
        login_id=account.login_id,
        name=account.name,
        allowed=told.allowed,
        active=told.active,
        gives=told.gives,
        takes=told.takes,
    )


def _givers(session: Session, answers: Iterable[Explanation]) -> dict[str, str]:
    return givers(
        session, (chain for answer in answers for chain in (*answer.gives, *answer.takes))
    )


def givers(session: Session, chains: Iterable[Chain]) -> dict[str, str]:
    """Return the names of those who gave something in some chains, by account."""
    asked = {person for chain in chains for person in (chain.given_by, chain.member_by)}
    found = select(Account.id, Account.name).where(col(Account.id).in_(asked))
    return dict(session.exec(found).all())


def _csv(answer: WhoAnswer) -> Iterator[bytes]:
    heads = ("login_id", "name", "group", "role", "permission", "scope", "since", "until", "by")
    yield csv_head(heads)
    for one in answer.items:
        for chain in one.gives:
            yield csv_line(
                [
                    one.login_id,
                    one.name,
                    chain.group_name,
                    chain.role_name,
                    chain.permission,
                    chain.scope,
                    iso(chain.given_since),
                    iso(chain.until),
                    answer.people.get(chain.given_by, chain.given_by),
                ]
            )
