"""From where and with what people come in: rules of areas, roles, single persons (F2, F3)."""

from typing import Annotated, Final

import msgspec
from msgspec import Meta
from sqlmodel import Session, select

from app.core.errors import Conflict, InvalidInput, NotFound
from app.core.messages import mark
from app.identity import account_rows, own_roles, own_way, rights
from app.identity.access_rules import Kind, bounds_of, read_rules, roles_held, rule_of
from app.identity.bounds import AREAS, Rule
from app.identity.fields import Rev
from app.identity.models import AccessRule, Account
from app.identity.operations.accounts import AccountRef
from app.identity.own_roles import holders_of
from app.identity.roles import Role
from app.operations.context import Context, Plane
from app.operations.operation import Effect, NoRequest, Route, Tier, operation
from app.operations.permissions import EVERYTHING, Permission, Rights
from appliance.contract.configuration.addresses import network

ON_CONSOLE: Final = (Plane.CONSOLE,)
MOST_NETWORKS: Final = 100
BUILT_IN: Final = frozenset(role.value for role in Role)
"""Roles whose names are English, to be translated."""
AREA_NAMES: Final = {
    "console": mark("Console"),
    "workspace": mark("Workspace"),
    "api": mark("REST API"),
}

KindField = Annotated[Kind, Meta(description="area, role or account")]
Subject = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=64,
        description="console, workspace or api; name of a role, or its identifier; identifier of "
        "an account",
    ),
]
NetworkText = Annotated[str, Meta(min_length=1, max_length=64)]


class RuleRef(msgspec.Struct, frozen=True, kw_only=True):
    """One rule."""

    kind: KindField
    whom: Subject


class RuleChange(msgspec.Struct, frozen=True, kw_only=True):
    """What a rule asks from now on. One that asks nothing is no rule any more."""

    kind: KindField
    whom: Subject
    networks: Annotated[
        tuple[NetworkText, ...],
        Meta(
            max_length=MOST_NETWORKS,
            description="Networks from which alone they may come, IPv4 and IPv6; none: from "
            "everywhere. Areas have theirs in the machine's document",
        ),
    ] = ()
    certificate: Annotated[
        bool, Meta(description="Whether they need a client certificate of their own")
    ] = False
    rev: Rev


class RuleRow(msgspec.Struct, frozen=True, kw_only=True):
    """A rule as it stands."""

    kind: Kind
    """area, role or account."""
    whom: str
    """Name of the area, role or its identifier, identifier of the account."""
    name: str
    """What the subject is called; of areas and of the product's own roles in English."""
    networks: tuple[str, ...]
    """From these alone; empty: from everywhere."""
    certificate: bool
    """Whether they need a client certificate of their own."""
    rev: int
    """To be given back with a change; 0: there is no rule yet."""
    changed_by: str
    """Account that made it so."""
    changed_at: int
    """Milliseconds since 1970; 0: there is no rule yet."""


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """All rules, and whether certificates can be asked for here."""

    items: list[RuleRow]
    """Areas, roles, accounts, by name."""
    edge: bool
    """Whether the edge stands in front, which alone sees certificates of clients."""


@operation(
    "access_rules.list",
    permission=Permission.ACCOUNTS_VIEW,
    effect=Effect.READ,
    planes=ON_CONSOLE,
    route=Route("GET", "/access-rules"),
)
def list_rules(context: Context, _: NoRequest) -> Rules:
    """List the rules about from where and with what people come in."""
    return Rules(items=_every(context.session), edge=context.appliance.settings.edge)


@operation(
    "access_rules.get",
    permission=Permission.ACCOUNTS_VIEW,
    effect=Effect.READ,
    planes=ON_CONSOLE,
    route=Route("GET", "/access-rules/{kind}/{whom}"),
)
def get_rule(context: Context, which: RuleRef) -> RuleRow:
    """Show the rule of an area, a role or a person; an empty one where there is none."""
    name, _ = _concerned(context.session, which.kind, which.whom, context.now)
    return _row(_find(context.session, which.kind, which.whom), name)


@operation(
    "access_rules.of_account",
    permission=Permission.ACCOUNTS_VIEW,
    effect=Effect.READ,
    planes=ON_CONSOLE,
    route=Route("GET", "/accounts/{account}/access-rules"),
)
def rules_of(context: Context, which: AccountRef) -> Rules:
    """List the rules that concern one person: of areas, of their roles, their own."""
    account = account_rows.by_id(context.session, which.account)
    items = concerning(context.session, account.id, context.now)
    return Rules(items=items, edge=context.appliance.settings.edge)


@operation(
    "access_rules.set",
    permission=Permission.ACCOUNTS_MANAGE,
    tier=Tier.T2_DANGEROUS,
    planes=ON_CONSOLE,
    route=Route("PUT", "/access-rules/{kind}/{whom}"),
)
def set_rule(context: Context, change: RuleChange) -> RuleRow:
    """Say from where, and with or without a certificate, an area, role or person is entered.

    It acts on the next request of everybody concerned. Raise OwnWayClosed or LastOwner where it
    would shut out who asks, or every owner; BeyondYourRights; Conflict.
    """
    session = context.session
    networks = _checked(context, change)
    with rights.an_owner_remains(session):
        name, concerned = _concerned(session, change.kind, change.whom, context.now)
        rights.require_reach(context.actor, concerned)
        row = _find(session, change.kind, change.whom)
        if row.rev != change.rev:
            raise Conflict(name=name)
        context.event.about("access_rule", f"{change.kind.value}/{change.whom}", name)
        before = rule_of(row)
        if before.networks != networks:
            context.event.change("networks", list(before.networks), list(networks))
        if before.certificate != change.certificate:
            context.event.change("certificate", before.certificate, change.certificate)
        row.networks = msgspec.json.encode(networks).decode()
        row.certificate = change.certificate
        row.rev, row.changed_by = change.rev + 1, context.actor.account
        row.changed_at = context.now
        if Rule(networks=networks, certificate=change.certificate) != Rule():
            session.add(row)
        elif change.rev:
            session.delete(row)
        session.flush()
        own_way.recompile(context, _accounts(session, change.kind, change.whom))
    return get_rule.function(context, RuleRef(kind=change.kind, whom=change.whom))


def concerning(session: Session, account: str, now: int) -> list[RuleRow]:
    """Return the rules that concern one person: of areas, of their roles, their own."""
    roles = roles_held(rights.grants_held(session, [account])[account], now)
    theirs = {(Kind.ACCOUNT, account), *((Kind.ROLE, role) for role in roles)}
    return [
        one for one in _every(session) if one.kind is Kind.AREA or (one.kind, one.whom) in theirs
    ]


def check_change(context: Context, change: RuleChange) -> None:
    """Raise what a change would be refused for by what it says, or by where the asker is.

    For a page, before a code of the authenticator is spent; the operation looks again.
    """
    networks = _checked(context, change)
    with context.appliance.database.read() as session:
        rules = read_rules(session)
        rules[change.kind.value, change.whom] = Rule(
            networks=networks, certificate=change.certificate
        )
        account = context.actor.account
        held = rights.grants_held(session, [account])[account]
        own_way.require_under(context, session, bounds_of(rules)(account, held, context.now))


def _every(session: Session) -> list[RuleRow]:
    """Return all rules: areas, roles, accounts, by name."""
    names = _names(session)
    found = [
        _row(one, names.get((one.kind, one.subject), one.subject))
        for one in session.exec(select(AccessRule))
    ]
    order = list(Kind)
    return sorted(found, key=lambda one: (order.index(one.kind), one.name))


def _checked(context: Context, change: RuleChange) -> tuple[str, ...]:
    """Return the networks in their one spelling. Raise InvalidInput."""
    if change.certificate and not context.appliance.settings.edge:
        reason = mark("Certificates of clients are seen by the edge, and there is none here.")
        raise InvalidInput(field="certificate", reason=reason)
    if change.kind is Kind.AREA and change.networks:
        reason = mark("Which networks reach an area is set under Network and access.")
        raise InvalidInput(field="networks", reason=reason)
    found = []
    for text in change.networks:
        one = network(text.strip())
        if one is None:
            reason = mark("Write networks such as 192.0.2.0/24 or 2001:db8::/32, one a line.")
            raise InvalidInput(field="networks", reason=reason)
        found.append(one)
    return tuple(str(one) for one in sorted(set(found), key=lambda one: (one.version, one)))


def _concerned(session: Session, kind: Kind, subject: str, now: int) -> tuple[str, Rights]:
    """Return the name of whom a rule concerns, and the rights that it can keep somebody from.

    Raise NotFound.
    """
    if kind is Kind.ACCOUNT:
        account = account_rows.by_id(session, subject)
        return account.name, rights.held_by(session, account, now)
    if kind is Kind.ROLE:
        names = own_roles.role_names(session)
        if subject not in names:
            raise NotFound(kind=mark("role"), name=subject)
        return names[subject], rights.expand(session, "", subject, EVERYTHING)
    if subject not in AREAS:
        raise NotFound(kind=mark("area"), name=subject)
    if subject == Plane.CONSOLE:  # every owner comes in by it
        return AREA_NAMES[subject], rights.expand(session, "", Role.OWNER, EVERYTHING)
    return AREA_NAMES[subject], Rights()


def _accounts(session: Session, kind: Kind, subject: str) -> list[str] | None:
    """Return the accounts whose bounds a rule changes; None: everybody's."""
    if kind is Kind.AREA:
        return None
    return [subject] if kind is Kind.ACCOUNT else holders_of(session, subject)


def _find(session: Session, kind: Kind, subject: str) -> AccessRule:
    """Return the row of a rule, or a new one that is in no database yet."""
    found = session.get(AccessRule, (kind.value, subject))
    return found or AccessRule(kind=kind.value, subject=subject, rev=0, changed_at=0)


def _row(row: AccessRule, name: str) -> RuleRow:
    rule = rule_of(row)
    return RuleRow(
        kind=Kind(row.kind),
        whom=row.subject,
        name=name,
        networks=rule.networks,
        certificate=rule.certificate,
        rev=row.rev,
        changed_by=row.changed_by,
        changed_at=row.changed_at,
    )


def _names(session: Session) -> dict[tuple[str, str], str]:
    """Return what the subjects of all rules are called."""
    named = select(AccessRule.subject).where(AccessRule.kind == Kind.ACCOUNT.value)
    people = session.exec(select(Account.id, Account.name).where(Account.id.in_(named))).all()  # type: ignore[attr-defined]
    return {
        **{(Kind.AREA.value, area): name for area, name in AREA_NAMES.items()},
        **{(Kind.ROLE.value, role): name for role, name in own_roles.role_names(session).items()},
        **{(Kind.ACCOUNT.value, account): name for account, name in people},
    }
