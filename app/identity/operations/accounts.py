"""Managing accounts (F1, F4). Nobody's account is deleted: suspended ones keep their history."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta
from sqlalchemy import update
from sqlmodel import Session, col, select

from app.core.clock import DAY
from app.core.errors import Conflict
from app.core.identifiers import new_identifier
from app.core.secret import Secret
from app.identity import (
    account_rows,
    login_ids,
    password_rules,
    policies,
    rights,
    session_rows,
)
from app.identity.errors import LoginIdTaken
from app.identity.fields import (
    AccountId,
    After,
    Language,
    Limit,
    LoginId,
    Name,
    Rev,
    TimeZone,
)
from app.identity.models import Account, Grant, Group, Membership, Password
from app.identity.planes import SESSIONS
from app.identity.secrets_at_rest import new_token
from app.identity.time_zones import check_time_zone
from app.operations.context import Context, Plane
from app.operations.operation import Effect, Route, Tier, operation
from app.operations.page import Page
from app.operations.permissions import Permission

ON_CONSOLE = (Plane.CONSOLE,)
KIND = Literal["staff", "partner", "device", "service"]


class AccountRow(msgspec.Struct, frozen=True, kw_only=True):
    """An account in a list."""

    id: str
    login_id: str
    name: str
    kind: str
    state: str
    is_owner: bool
    language: str
    time_zone: str
    rev: int
    created_at: int
    changed_at: int


class GrantRow(msgspec.Struct, frozen=True, kw_only=True):
    """One grant as it was given."""

    id: str
    holder: str
    permission: str
    role: str
    scope: str


class GroupName(msgspec.Struct, frozen=True):
    """A group that somebody is in."""

    id: str
    name: str


class AccountDetails(msgspec.Struct, frozen=True, kw_only=True):
    """One account with what it may do."""

    account: AccountRow
    may_enrol: bool
    """The next sign-in on the console enrols an authenticator."""
    must_change_password: bool
    grants: list[GrantRow]
    groups: list[GroupName]
    rights: list[tuple[str, str]]
    """All of it, compiled: pairs of permission and scope."""


class AccountFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which accounts to show."""

    search: Annotated[str, Meta(max_length=128, description="Part of login ID or name")] = ""
    state: Annotated[
        Literal["", "active", "suspended"], Meta(description="State; empty for all")
    ] = ""
    after: After = ""
    limit: Limit = 50


class AccountRef(msgspec.Struct, frozen=True):
    """One account."""

    account: AccountId


class NewAccount(msgspec.Struct, frozen=True, kw_only=True):
    """A person, device or service to be admitted."""

    login_id: LoginId
    name: Name
    kind: Annotated[KIND, Meta(description="What the account stands for")] = "staff"
    language: Language = "ja"
    time_zone: TimeZone = "Asia/Tokyo"
    initial_password: Annotated[
        Secret, Meta(description="To be changed at first use; empty: one is made up")
    ] = msgspec.field(default_factory=lambda: Secret(""))


class CreatedAccount(msgspec.Struct, frozen=True, kw_only=True):
    """The account that was made."""

    account: AccountRow
    initial_password: Secret
    """To be handed over; shown once."""


class AccountChange(msgspec.Struct, frozen=True, kw_only=True):
    """New particulars of an account; what is left out stays."""

    account: AccountId
    rev: Rev
    login_id: Annotated[str | None, Meta(description="New login ID")] = None
    name: Annotated[Name | None, Meta(description="New name")] = None
    language: Annotated[Language | None, Meta(description="New language")] = None
    time_zone: Annotated[str | None, Meta(description="New time zone, by its IANA name")] = None


class SuspendAccount(msgspec.Struct, frozen=True):
    """An account to be suspended or taken back."""

    account: AccountId
    rev: Rev


@operation(
    "accounts.list",
    permission=Permission.ACCOUNTS_VIEW,
    effect=Effect.REVEAL,
    planes=ON_CONSOLE,
    route=Route("GET", "/accounts"),
)
def list_accounts(context: Context, wanted: AccountFilter) -> Page[AccountRow]:
    """Show accounts, in the order of their login IDs."""
    question = select(Account).where(Account.login_id > wanted.after)
    if wanted.state:
        question = question.where(Account.state == wanted.state)
    if wanted.search:
        part = wanted.search
        question = question.where(
            col(Account.login_id).contains(login_ids.fold(part), autoescape=True)
            | col(Account.name).contains(part, autoescape=True)
        )
    found = context.session.exec(question.order_by(Account.login_id).limit(wanted.limit + 1)).all()
    shown = found[: wanted.limit]
    after = shown[-1].login_id if len(found) > wanted.limit else ""
    context.event.numbers["rows"] = len(shown)
    return Page(items=[describe(account) for account in shown], after=after)


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
    groups = session.exec(
        select(Group)
        .join(Membership, col(Membership.group) == col(Group.id))
        .where(Membership.account == account.id)
        .order_by(Group.name)
    ).all()
    kept = session.get(Password, account.id)
    return AccountDetails(
        account=describe(account),
        may_enrol=account.may_enrol,
        must_change_password=kept is not None and kept.must_change,
        grants=grants_of(session, account.id),
        groups=[GroupName(group.id, group.name) for group in groups],
        rights=sorted(rights.parse(account.rights).grants()),
    )


@operation(
    "accounts.create",
    permission=Permission.ACCOUNTS_MANAGE,
    tier=Tier.T2_DANGEROUS,
    planes=ON_CONSOLE,
    route=Route("POST", "/accounts", 201),
)
def create_account(context: Context, new: NewAccount) -> CreatedAccount:
    """Make an account that may do nothing yet, with a password that must be changed."""
    session, now = context.session, context.now
    login_id = login_ids.check(new.login_id)
    check_time_zone(new.time_zone)
    rights.take_turn(session)
    if account_rows.by_login_id(session, login_id):
        raise LoginIdTaken(login_id=login_id)
    account = Account(
        id=new_identifier(),
        login_id=login_id,
        name=new.name,
        kind=new.kind,
        language=new.language,
        time_zone=new.time_zone,
        may_enrol=True,
        created_at=now,
        changed_at=now,
    )
    session.add(account)
    session.flush()
    password = give_password(context, account, new.initial_password)
    context.event.about("account", account.id, account.name)
    for field in ("login_id", "name", "kind", "language", "time_zone"):
        context.event.after[field] = getattr(account, field)
    return CreatedAccount(account=describe(account), initial_password=password)


@operation(
    "accounts.update",
    permission=Permission.ACCOUNTS_MANAGE,
    tier=Tier.T2_DANGEROUS,
    planes=ON_CONSOLE,
    route=Route("PATCH", "/accounts/{account}"),
)
def update_account(context: Context, change: AccountChange) -> AccountRow:
    """Change login ID, name, language or time zone."""
    session = context.session
    account = _reachable(context, change.account)
    values: dict[str, str] = {}
    if change.login_id is not None:
        values["login_id"] = login_ids.check(change.login_id)
        rights.take_turn(session)
        other = account_rows.by_login_id(session, values["login_id"])
        if other is not None and other.id != account.id:
            raise LoginIdTaken(login_id=values["login_id"])
    if change.time_zone is not None:
        values["time_zone"] = check_time_zone(change.time_zone)
    if change.name is not None:
        values["name"] = change.name
    if change.language is not None:
        values["language"] = change.language
    for field, value in values.items():
        if getattr(account, field) != value:
            context.event.change(field, getattr(account, field), value)
    _write(context, account, change.rev, values)
    return describe(account)


@operation(
    "accounts.suspend",
    permission=Permission.ACCOUNTS_MANAGE,
    tier=Tier.T2_DANGEROUS,
    planes=ON_CONSOLE,
    route=Route("POST", "/accounts/{account}/suspend"),
)
def suspend_account(context: Context, which: SuspendAccount) -> AccountRow:
    """Suspend an account: its sessions and tokens end at once, its history stays."""
    with rights.an_owner_remains(context.session):
        account = _reachable(context, which.account)
        context.event.change("state", account.state, account_rows.SUSPENDED)
        _write(context, account, which.rev, {"state": account_rows.SUSPENDED})
        ended = session_rows.end_all(context.session, SESSIONS, account.id, "suspended")
        context.event.numbers["sessions"] = ended
    return describe(account)


@operation(
    "accounts.resume",
    permission=Permission.ACCOUNTS_MANAGE,
    tier=Tier.T2_DANGEROUS,
    planes=ON_CONSOLE,
    route=Route("POST", "/accounts/{account}/resume"),
)
def resume_account(context: Context, which: SuspendAccount) -> AccountRow:
    """Let a suspended account sign in again."""
    account = _reachable(context, which.account)
    context.event.change("state", account.state, account_rows.ACTIVE)
    _write(context, account, which.rev, {"state": account_rows.ACTIVE})
    return describe(account)


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


def give_password(context: Context, account: Account, wished: Secret) -> Secret:
    """Give an account a password that must be changed at its first use. Return it."""
    rules = policies.load(context.session)
    password = wished if len(wished) else Secret(new_token().reveal()[:20])
    known = (account.login_id, account.name)
    password_rules.judge(rules.password, password, has_factor=False, known=known)
    account_rows.put_password(
        context.session,
        account.id,
        password,
        rules.password,
        now=context.now,
        valid_until=context.now + rules.initial_password_days * DAY,
    )
    return password


def _reachable(context: Context, identifier: str) -> Account:
    """Return an account that the actor may manage. Raise NotFound or BeyondYourRights."""
    account = account_rows.by_id(context.session, identifier)
    context.event.about("account", account.id, account.name)
    rights.require_reach(context.actor, rights.parse(account.rights))
    return account


def _write(context: Context, account: Account, rev: int, values: dict[str, str]) -> None:
    """Write new values if `rev` is still the newest. Raise Conflict."""
    changed = context.session.exec(
        update(Account)
        .where(col(Account.id) == account.id, col(Account.rev) == rev)
        .values(**values, rev=rev + 1, changed_at=context.now)
    )
    if changed.rowcount != 1:
        raise Conflict(name=account.name)
    context.session.refresh(account)
