"""Managing accounts (F1, F4). Nobody's account is deleted: suspended ones keep their history."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta
from sqlalchemy import update
from sqlmodel import col

from app.core.clock import DAY
from app.core.errors import Conflict
from app.core.identifiers import new_identifier
from app.core.secret import Secret
from app.identity import (
    account_rows,
    login_ids,
    own_way,
    password_rules,
    policies,
    recovery_codes,
    rights,
    session_rows,
)
from app.identity.errors import LoginIdTaken
from app.identity.fields import (
    AccountId,
    Language,
    LoginId,
    Mail,
    Name,
    Rev,
    TimeZone,
)
from app.identity.models import Account, Grant
from app.identity.operations.account_views import (
    AccountDetails,
    AccountFilter,
    AccountRef,
    AccountRow,
    count_accounts,
    describe,
    get_account,
    list_accounts,
)
from app.identity.time_zones import check_time_zone
from app.operations.context import Context, Plane
from app.operations.operation import Route, Tier, operation
from app.operations.permissions import Permission

ON_CONSOLE = (Plane.CONSOLE,)
__all__ = [
    "AccountDetails",
    "AccountFilter",
    "AccountRef",
    "AccountRow",
    "count_accounts",
    "get_account",
    "list_accounts",
]

KIND = Literal["staff", "partner", "device", "service"]


class NewAccount(msgspec.Struct, frozen=True, kw_only=True):
    """A person, device or service to be admitted."""

    login_id: LoginId
    name: Name
    kind: Annotated[KIND, Meta(description="What the account stands for")] = "staff"
    language: Language = "ja"
    time_zone: TimeZone = "Asia/Tokyo"
    role: Annotated[
        Literal["", "owner", "security_administrator", "operator", "auditor", "viewer", "staff"],
        Meta(description="Role that it gets at once, everywhere; empty: none yet"),
    ] = ""
    initial_password: Annotated[
        Secret, Meta(description="To be changed at first use; empty: one is made up")
    ] = msgspec.field(default_factory=lambda: Secret(""))


class CreatedAccount(msgspec.Struct, frozen=True, kw_only=True):
    """The account that was made."""

    account: AccountRow
    """As it stands now."""
    initial_password: Secret
    """To be handed over; shown once."""


class AccountChange(msgspec.Struct, frozen=True, kw_only=True):
    """New particulars of an account; what is left out stays."""

    account: AccountId
    rev: Rev
    login_id: Annotated[LoginId | None, Meta(description="New login ID")] = None
    name: Annotated[Name | None, Meta(description="New name")] = None
    language: Annotated[Language | None, Meta(description="New language")] = None
    time_zone: Annotated[TimeZone | None, Meta(description="New time zone, by its IANA name")] = (
        None
    )
    mail: Annotated[Mail | None, Meta(description="New mail address; empty: none")] = None


class SuspendAccount(msgspec.Struct, frozen=True):
    """An account to be suspended or taken back."""

    account: AccountId
    rev: Rev


@operation(
    "accounts.create",
    permission=Permission.ACCOUNTS_MANAGE,
    tier=Tier.T2_DANGEROUS,
    planes=ON_CONSOLE,
    route=Route("POST", "/accounts", 201),
)
def create_account(context: Context, new: NewAccount) -> CreatedAccount:
    """Make an account with a password that must be changed, and the role that it is given."""
    session, now = context.session, context.now
    login_id = login_ids.check(new.login_id)
    check_time_zone(new.time_zone)
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
    if new.role:
        _give_role(context, account, new.role)
    own_way.recompile(context, [account.id])
    return CreatedAccount(account=describe(account), initial_password=password)


@operation(
    "accounts.update",
    permission=Permission.ACCOUNTS_MANAGE,
    tier=Tier.T2_DANGEROUS,
    planes=ON_CONSOLE,
    route=Route("PATCH", "/accounts/{account}"),
)
def update_account(context: Context, change: AccountChange) -> AccountRow:
    """Change login ID, name, language, time zone or mail address."""
    session = context.session
    account = _reachable(context, change.account)
    values: dict[str, str] = {}
    if change.login_id is not None:
        values["login_id"] = login_ids.check(change.login_id)
        other = account_rows.by_login_id(session, values["login_id"])
        if other is not None and other.id != account.id:
            raise LoginIdTaken(login_id=values["login_id"])
    if change.time_zone is not None:
        values["time_zone"] = check_time_zone(change.time_zone)
    if change.name is not None:
        values["name"] = change.name
    if change.language is not None:
        values["language"] = change.language
    if change.mail is not None:
        values["mail"] = change.mail
    for field, value in values.items():
        if getattr(account, field) != value:
            context.event.change(field, getattr(account, field), value)
    _write(context, account, change.rev, values)
    return describe(account)


@operation(
    "accounts.suspend",
    permission=Permission.ACCOUNTS_MANAGE,
    in_reserve=True,
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
        own_way.recompile(context, [account.id])
        ended = session_rows.end_all(context.session, Plane.CONSOLE, account.id, "suspended")
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
    own_way.recompile(context, [account.id])
    return describe(account)


def give_password(context: Context, account: Account, wished: Secret) -> Secret:
    """Give an account a password that must be changed at its first use. Return it."""
    rules = policies.load(context.session)
    password = wished if len(wished) else recovery_codes.new_code()
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


def _give_role(context: Context, account: Account, role: str) -> None:
    """Give a new account its first role. Raise NotAllowed or BeyondYourRights."""
    context.require(Permission.GRANTS_MANAGE)
    rights.require_reach(context.actor, rights.expand(context.session, "", role, ""))
    context.session.add(
        Grant(
            id=new_identifier(),
            holder=account.id,
            role=role,
            created_by=context.actor.account,
            created_at=context.now,
        )
    )
    context.event.after["role"] = role


def _reachable(context: Context, identifier: str) -> Account:
    """Return an account that the actor may manage. Raise NotFound or BeyondYourRights."""
    account = account_rows.by_id(context.session, identifier)
    context.event.about("account", account.id, account.name)
    rights.require_reach(context.actor, rights.held_by(context.session, account, context.now))
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
