"""Seeing accounts (F4): who there is, and what each may do."""

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta
from sqlalchemy import func
from sqlmodel import Session, col, select

from app.identity import account_rows, invitations, login_ids, rights
from app.identity.fields import AccountId, After, Limit
from app.identity.group_paths import named_paths
from app.identity.models import Account, Grant, Membership, Password
from app.operations.context import Context, Plane
from app.operations.operation import Effect, NoRequest, Route, operation
from app.operations.order import Orders
from app.operations.page import Page
from app.operations.permissions import Permission

ON_CONSOLE = (Plane.CONSOLE,)

AccountSort = Literal[
    "login_id", "-login_id", "name", "-name", "kind", "-kind",
    "state", "-state", "created_at", "-created_at",
]  # fmt: skip
ORDERS: Final = Orders(
    "login_id",
    {name: getattr(Account, name) for name in ("login_id", "name", "kind", "state", "created_at")},
)


class AccountRow(msgspec.Struct, frozen=True, kw_only=True):
    """An account in a list."""

    id: str
    """Identifier."""
    login_id: str
    """Folded: one spelling."""
    name: str
    """As others see it."""
    kind: str
    """staff, partner, device or service."""
    state: str
    """active or suspended."""
    is_owner: bool
    """Holds the role of owner on everything, itself or through a group."""
    language: str
    """ja or en."""
    time_zone: str
    """IANA name."""
    mail: str
    """Where invitations and reminders go; empty: none is known."""
    rev: int
    """To be given back with a change."""
    created_at: int
    """Milliseconds since 1970."""
    changed_at: int
    """Milliseconds since 1970."""


class GrantRow(msgspec.Struct, frozen=True, kw_only=True):
    """One grant as it was given."""

    id: str
    """Identifier."""
    holder: str
    """Identifier of the account or group that holds it."""
    permission: str
    """Empty where a role was given."""
    role: str
    """Empty where a permission was given."""
    scope: str
    """Where it holds; empty: everywhere."""
    taken: bool = False
    """Takes away instead of giving."""
    until: int = 0
    """When it ends by itself (ms); 0: never."""
    created_by: str = ""
    """Account that gave it; empty where it came with the setup."""
    created_at: int = 0
    """Milliseconds since 1970."""


class GroupName(msgspec.Struct, frozen=True):
    """A group that somebody is in."""

    id: str
    """Identifier."""
    name: str
    """Names from the top down to it, with / between."""


class AccountDetails(msgspec.Struct, frozen=True, kw_only=True):
    """One account with what it may do."""

    account: AccountRow
    """The account itself."""
    may_enrol: bool
    """The next sign-in on the console enrols an authenticator."""
    must_change_password: bool
    """It was given one that it has not replaced yet."""
    invited_until: int
    """When its open one-time link expires, in milliseconds; 0: there is none."""
    grants: list[GrantRow]
    """Its own, without those of its groups."""
    groups: list[GroupName]
    """Where it is a member, by name."""
    rights: list[tuple[str, str]]
    """All of it, compiled: pairs of permission and scope."""
    taken: list[tuple[str, str]]
    """Taken out of these rights: pairs of permission and scope."""


class AccountFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which accounts to show."""

    search: Annotated[str, Meta(max_length=128, description="Part of login ID or name")] = ""
    state: Annotated[
        Literal["", "active", "suspended"], Meta(description="State; empty for all")
    ] = ""
    sort: Annotated[AccountSort, Meta(description="Column that sorts; - for downward")] = "login_id"
    after: After = ""
    limit: Limit = 50


class AccountCount(msgspec.Struct, frozen=True):
    """How many accounts there are."""

    active: int
    """Accounts that may sign in."""


class AccountRef(msgspec.Struct, frozen=True):
    """One account."""

    account: AccountId


@operation(
    "accounts.list",
    permission=Permission.ACCOUNTS_VIEW,
    effect=Effect.REVEAL,
    planes=ON_CONSOLE,
    route=Route("GET", "/accounts"),
)
def list_accounts(context: Context, wanted: AccountFilter) -> Page[AccountRow]:
    """Show accounts, in the order of one column, with how many there are."""
    session = context.session
    question = select(Account)
    if wanted.state:
        question = question.where(Account.state == wanted.state)
    if wanted.search:
        part = wanted.search
        question = question.where(
            col(Account.login_id).contains(login_ids.fold(part), autoescape=True)
            | col(Account.name).contains(part, autoescape=True)
        )
    total = session.exec(select(func.count()).select_from(question.subquery())).one()
    order = ORDERS.by(wanted.sort)
    found = session.exec(order.page(question, wanted.after, wanted.limit)).all()
    shown = [describe(account) for account in found[: wanted.limit]]
    context.event.numbers["rows"] = len(shown)
    return Page(items=shown, after=order.after(found, wanted.limit), total=total)


@operation(
    "accounts.get",
    permission=Permission.ACCOUNTS_VIEW,
    effect=Effect.REVEAL,
    planes=ON_CONSOLE,
    route=Route("GET", "/accounts/{account}"),
)
def get_account(context: Context, wanted: AccountRef) -> AccountDetails:
    """Show one account with its grants and groups."""
    session = context.session
    account = account_rows.by_id(session, wanted.account)
    context.event.about("account", account.id, account.name)
    groups = session.exec(select(Membership.group).where(Membership.account == account.id)).all()
    names = named_paths(session) if groups else {}
    kept = session.get(Password, account.id)
    held = rights.held_by(session, account, context.now)
    return AccountDetails(
        account=describe(account),
        may_enrol=account.may_enrol,
        must_change_password=kept is not None and kept.must_change,
        invited_until=invitations.open_until(session, [account.id], context.now).get(account.id, 0),
        grants=grants_of(session, account.id),
        groups=[GroupName(group, names[group]) for group in sorted(groups, key=names.__getitem__)],
        rights=sorted(held.grants()),
        taken=sorted(held.taken()),
    )


@operation(
    "accounts.count",
    permission=Permission.ACCOUNTS_VIEW,
    effect=Effect.READ,
    planes=ON_CONSOLE,
)
def count_accounts(context: Context, _: NoRequest) -> AccountCount:
    """Count the accounts that may sign in."""
    active = select(func.count()).select_from(Account).where(Account.state == account_rows.ACTIVE)
    return AccountCount(context.session.exec(active).one())


def describe(account: Account) -> AccountRow:
    """Return an account as it is listed."""
    return AccountRow(**{field: getattr(account, field) for field in AccountRow.__struct_fields__})


def grants_of(session: Session, holder: str) -> list[GrantRow]:
    """Return what was given to an account or group itself."""
    found = session.exec(select(Grant).where(Grant.holder == holder).order_by(Grant.id)).all()
    return [
        GrantRow(**{field: getattr(grant, field) for field in GrantRow.__struct_fields__})
        for grant in found
    ]
