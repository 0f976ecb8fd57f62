"""`tenshu accounts`: what an administrator does, from the machine itself (break-glass, audited)."""

import datetime as dt
from typing import get_args

import click

from app.core import clock
from app.core.errors import InvalidInput, NotFound
from app.core.messages import mark
from app.core.secret import Secret
from app.identity.operations.account_views import AccountSort
from app.identity.operations.accounts import (
    AccountFilter,
    AccountRef,
    AccountRow,
    NewAccount,
    SuspendAccount,
    create_account,
    get_account,
    list_accounts,
    resume_account,
    suspend_account,
)
from app.identity.operations.credentials import (
    PasswordReset,
    reset_factor,
    reset_password,
)
from app.identity.operations.grants import GrantRef, NewGrant
from app.identity.operations.grants import give as give_grant
from app.identity.operations.grants import take as take_grant
from app.identity.operations.why import WhyAsked, explain_right
from app.leaving.operations.ending import EndNow, end_now
from app.leaving.operations.planning import (
    PlanLeaving,
    WithdrawLeaving,
    plan_leaving,
    withdraw_leaving,
)
from app.leaving.operations.showing import get_leaving
from app.operations.context import Context
from app.operations.operation import Operation
from cli.ask import secret_from
from cli.invocation import Invocation, everywhere, this_call
from cli.request import request
from cli.table import columns, moment
from cli.ways_in import ways_in

SORTS = click.Choice(get_args(AccountSort))
STATES = click.Choice(["", "active", "suspended"])
FILE_HELP = "File with the password; - is stdin. One is made up by default."


@click.group
@everywhere
def accounts() -> None:
    """Look at accounts and help people who are locked out."""


@accounts.command("list")
@click.option("--search", default="", help="Part of login ID or name.")
@click.option("--state", default="", type=STATES, help="active or suspended.")
@click.option("--sort", default="login_id", type=SORTS, help="Column; - in front for downward.")
@click.option("--after", default="", help="Where the page before ended.")
@everywhere
@this_call
def list_(invocation: Invocation, search: str, state: str, sort: str, after: str) -> None:
    """List accounts."""
    wanted = request(AccountFilter, search=search, state=state, sort=sort, after=after)
    with invocation.context() as context:
        page = list_accounts(context, wanted)
    heads = (mark("Login ID"), mark("Name"), mark("Kind"), mark("State"), mark("Made at"))
    rows = [
        (one.login_id, one.name, one.kind, one.state, moment(one.created_at)) for one in page.items
    ]
    invocation.answer(page, lambda: columns([invocation.words(head) for head in heads], rows))


@accounts.command
@click.argument("login_id")
@everywhere
@this_call
def show(invocation: Invocation, login_id: str) -> None:
    """Show one account and what it may do."""
    with invocation.context() as context:
        found = get_account(context, AccountRef(find(context, login_id).id))
    rows = [(permission, scope) for permission, scope in found.rights]
    heads = [invocation.words(head) for head in (mark("Right"), mark("Where"))]
    account = found.account
    title = f"{account.login_id}  {account.name}  {account.kind}  {account.state}"
    invocation.answer(found, lambda: f"{title}\n{columns(heads, rows)}")


@accounts.command
@click.argument("login_id")
@click.option("--name", required=True, help="Name as others see it.")
@click.option("--kind", default="staff", help="staff, partner, device or service.")
@click.option("--language", default="ja", type=click.Choice(["ja", "en"]), help="ja or en.")
@click.option("--time-zone", default="Asia/Tokyo", help="By its IANA name.")
@click.option("--password-file", help=FILE_HELP)
@everywhere
@this_call
def create(
    invocation: Invocation, /, login_id: str, password_file: str | None, **particulars: str
) -> None:
    """Make an account, with a password that must be changed at its first use."""
    password = _password(password_file)
    new = request(NewAccount, login_id=login_id, initial_password=password, **particulars)
    with invocation.context() as context:
        made = create_account(context, new)
    invocation.answer(made, f"{made.account.login_id}  {made.initial_password.reveal()}")


@accounts.command
@click.argument("login_id")
@everywhere
@this_call
def suspend(invocation: Invocation, login_id: str) -> None:
    """Suspend an account: its sessions and tokens end at once, its history stays."""
    _change(invocation, login_id, suspend_account)


@accounts.command
@click.argument("login_id")
@everywhere
@this_call
def resume(invocation: Invocation, login_id: str) -> None:
    """Let a suspended account sign in again."""
    _change(invocation, login_id, resume_account)


@accounts.command
@click.argument("login_id")
@click.option("--on", "last_day", metavar="DATE", help="Last day, such as 2027-03-31.")
@click.option("--successor", metavar="LOGIN_ID", help="Who takes over what passes on.")
@click.option("--stay", is_flag=True, help="Take the last day back.")
@click.option("--now", is_flag=True, help="End everything at once.")
@everywhere
@this_call
def leave(
    invocation: Invocation,
    login_id: str,
    last_day: str | None,
    successor: str | None,
    stay: bool,
    now: bool,
) -> None:
    """Show what a person holds; set a last day and a successor, or end everything now."""
    if sum((last_day is not None, stay, now)) > 1:
        raise click.UsageError(invocation.words(mark("Give one of --on, --stay and --now.")))
    with invocation.context() as context:
        account = find(context, login_id)
        if last_day is not None:
            taker = find(context, successor).id if successor else ""
            found = plan_leaving(
                context,
                request(
                    PlanLeaving,
                    account=account.id,
                    rev=account.rev,
                    leaves_on=last_day,
                    successor=taker,
                ),
            )
        elif stay:
            found = withdraw_leaving(context, WithdrawLeaving(account=account.id, rev=account.rev))
        elif now:
            found = end_now(context, EndNow(account=account.id, rev=account.rev))
        else:
            found = get_leaving(context, AccountRef(account.id))
    heads = [invocation.words(head) for head in (mark("Kind"), mark("Count"))]
    rows = [(invocation.words(one.title), str(one.count)) for one in found.holdings]
    one = found.account
    title = f"{one.login_id}  {one.state}  {found.leaves_on}  {found.successor_login_id}".rstrip()
    invocation.answer(found, lambda: f"{title}\n{columns(heads, rows)}")


@accounts.command("reset-factor")
@click.argument("login_id")
@everywhere
@this_call
def reset_factor_(invocation: Invocation, login_id: str) -> None:
    """Remove a person's second factors; the next sign-in enrols a new one."""
    with invocation.context() as context:
        done = reset_factor(context, AccountRef(find(context, login_id).id))
    text = mark("Authenticators and recovery codes removed: {count}. The next sign-in enrols anew.")
    invocation.answer(done, invocation.words(text, count=done.count))


@accounts.command("reset-password")
@click.argument("login_id")
@click.option("--password-file", help=FILE_HELP)
@everywhere
@this_call
def reset_password_(invocation: Invocation, login_id: str, password_file: str | None) -> None:
    """Give a person a one-time password; it must be changed at its first use."""
    wished = _password(password_file)
    with invocation.context() as context:
        account = find(context, login_id).id
        given = reset_password(context, PasswordReset(account=account, initial_password=wished))
    invocation.answer(given, given.initial_password.reveal())


@accounts.command
@click.argument("login_id")
@click.option(
    "--give",
    metavar="ROLE",
    help="Give owner, security_administrator, operator, auditor, viewer or staff.",
)
@click.option("--take", metavar="ROLE", help="Take a role away.")
@click.option("--scope", default="", help="Where it holds, such as tables/12.")
@everywhere
@this_call
def roles(
    invocation: Invocation, login_id: str, give: str | None, take: str | None, scope: str
) -> None:
    """Show what was given to a person; give or take a role."""
    with invocation.context() as context:
        account = find(context, login_id).id
        if give:
            give_grant(context, request(NewGrant, holder=account, role=give, scope=scope))
        if take:
            take_grant(context, GrantRef(_grant(context, account, take, scope)))
        found = get_account(context, AccountRef(account)).grants
    heads = [invocation.words(head) for head in (mark("Role"), mark("Right"), mark("Where"))]
    rows = [(grant.role, grant.permission, grant.scope) for grant in found]
    invocation.answer({"items": found}, lambda: columns(heads, rows))


@accounts.command
@click.argument("login_id")
@click.argument("permission")
@click.option("--scope", default="", help="Where, such as tables/12; everywhere by default.")
@click.option(
    "--at", "day", default="", metavar="DATE", help="How it stood when that day was over."
)
@everywhere
@this_call
def why(invocation: Invocation, login_id: str, permission: str, scope: str, day: str) -> None:
    """Tell why a person may do something, or might on a past day."""
    with invocation.context() as context:
        account = find(context, login_id).id
        wanted = request(
            WhyAsked, account=account, permission=permission, scope=scope, at=day_is_over(day)
        )
        found = explain_right(context, wanted)
    answer = found.answer
    head = invocation.words(mark("yes") if answer.allowed else mark("no"))
    if not answer.active:
        head = invocation.words(mark("no: the account was suspended or not yet there"))
    lines = [(mark("gives"), each) for each in answer.gives]
    lines += [(mark("takes away"), each) for each in answer.takes]
    heads = [
        mark("What it does"), mark("Group"), mark("Role"), mark("Where"),
        mark("Since"), mark("Until"), mark("By"),
    ]  # fmt: skip
    rows = [
        (
            invocation.words(what),
            one.group_name,
            invocation.words(one.role_name),
            one.scope,
            moment(one.given_since),
            moment(one.until),
            found.people.get(one.given_by, one.given_by),
        )
        for what, one in lines
    ]
    shown = [invocation.words(each) for each in heads]
    told = [head, *([columns(shown, rows)] if rows else []), *ways_in(invocation, found.way_in)]
    invocation.answer(found, lambda: "\n".join(told))


def day_is_over(day: str) -> int:
    """Return when a day of this machine's zone is over (ms), at most now; 0 for none."""
    if not day:
        return 0
    try:
        begins = dt.datetime.fromisoformat(day).astimezone()
    except ValueError as error:
        raise InvalidInput(field="at", reason=mark("This is no day.")) from error
    if begins.timestamp() * 1000 > clock.now():
        raise InvalidInput(field="at", reason=mark("what will be is not known yet."))
    over = int((begins + dt.timedelta(days=1)).timestamp() * 1000)
    return min(over, clock.now())


def _grant(context: Context, account: str, role: str, scope: str) -> str:
    for grant in get_account(context, AccountRef(account)).grants:
        if (grant.role, grant.scope) == (role, scope):
            return grant.id
    raise NotFound(kind=mark("role"), name=role)


def find(context: Context, login_id: str) -> AccountRow:
    """Return the account with this login ID. Raise NotFound."""
    wanted, after = login_id.casefold(), ""
    while True:
        page = list_accounts(context, AccountFilter(search=login_id, after=after, limit=500))
        for account in page.items:
            if account.login_id.casefold() == wanted:
                return account
        if not (after := page.after):
            raise NotFound(kind=mark("account"), name=login_id)


def _change(
    invocation: Invocation, login_id: str, operation: Operation[SuspendAccount, AccountRow]
) -> None:
    with invocation.context() as context:
        account = find(context, login_id)
        changed = operation(context, SuspendAccount(account=account.id, rev=account.rev))
    invocation.answer(changed, f"{changed.login_id}  {changed.state}")


def _password(file: str | None) -> Secret:
    return Secret("") if file is None else secret_from(file, "")
