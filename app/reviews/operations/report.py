"""Who has what, since when, and whether they use it (METI-46)."""

from collections.abc import Iterator
from typing import Annotated

import msgspec
from msgspec import Meta
from sqlalchemy import func
from sqlmodel import Session, select

from app.core.clock import DAY
from app.core.csv_lines import csv_head, csv_line, iso
from app.identity import account_rows, factors, rights
from app.identity.compiling import Given
from app.identity.group_paths import named_paths
from app.identity.models import Account, Grant, Membership
from app.identity.planes import CREDENTIALS, SESSIONS, TOKENS
from app.operations.context import Context, Plane
from app.operations.download import Download
from app.operations.operation import Effect, Route, operation
from app.operations.permissions import Permission

ON_CONSOLE = (Plane.CONSOLE,)


class ReportAsked(msgspec.Struct, frozen=True, kw_only=True):
    """What the report counts as unused."""

    unused_days: Annotated[
        int, Meta(ge=1, le=3660, description="Days without use after which it is marked")
    ] = 90
    only_unused: Annotated[bool, Meta(description="Show only who is marked")] = False


class PersonReport(msgspec.Struct, frozen=True, kw_only=True):
    """One active person with what they hold and whether they use it."""

    account: str
    """Identifier."""
    login_id: str
    """One spelling."""
    name: str
    """As others see it."""
    created_at: int
    """Since when the account is there (ms)."""
    groups: list[str]
    """Names of the groups."""
    grants: list[str]
    """What they hold, their own and of their groups: `role:viewer tables/1`."""
    oldest: int
    """When the oldest of these was given (ms); 0: nothing."""
    last_sign_in: int
    """Last sign-in (ms); 0: none is known."""
    last_use: int
    """Last request of a session or a token (ms); 0: none is known."""
    second_factor: bool
    """Has one that counts."""
    unused: bool
    """Did nothing for that many days."""


class Report(msgspec.Struct, frozen=True):
    """Everybody with what they hold."""

    items: list[PersonReport]
    """By login ID."""


@operation(
    "reviews.report",
    permission=Permission.ACCOUNTS_VIEW,
    effect=Effect.REVEAL,
    planes=ON_CONSOLE,
    route=Route("GET", "/access-report"),
)
def report(context: Context, asked: ReportAsked) -> Report:
    """Show who holds what since when, when they last used it, and who has a second factor."""
    found = _report(context.session, asked, context.now)
    context.event.numbers["rows"] = len(found)
    return Report(found)


@operation(
    "reviews.export_report",
    permission=Permission.ACCOUNTS_EXPORT,
    effect=Effect.REVEAL,
    planes=ON_CONSOLE,
    route=Route("GET", "/access-report/export"),
)
def export_report(context: Context, asked: ReportAsked) -> Download:
    """Download who holds what and uses it as CSV."""
    found = _report(context.session, asked, context.now)
    context.event.numbers["rows"] = len(found)
    return Download("access-report.csv", "text/csv; charset=utf-8", _csv(found))


def _report(session: Session, asked: ReportAsked, now: int) -> list[PersonReport]:
    people = session.exec(
        select(Account).where(Account.state == account_rows.ACTIVE).order_by(Account.login_id)
    ).all()
    held = rights.grants_held(session, [one.id for one in people])
    since = dict(session.exec(select(Grant.id, Grant.created_at)).all())
    groups: dict[str, list[str]] = {}
    names = named_paths(session)
    for account, group in session.exec(select(Membership.account, Membership.group)):
        groups.setdefault(account, []).append(names[group])
    signed_in = _latest(session, "started_at", SESSIONS)
    seen = _latest(session, "seen_at", SESSIONS)
    used = _latest(session, "last_used_at", TOKENS)
    armed = {
        account
        for table in CREDENTIALS
        for account in session.exec(select(table.account).where(table.state == factors.ACTIVE))
    }
    found = []
    for one in people:
        mine = [grant for grant in held[one.id] if grant.is_live(now) and not grant.taken]
        last_use = max(seen.get(one.id, 0), used.get(one.id, 0))
        line = PersonReport(
            account=one.id,
            login_id=one.login_id,
            name=one.name,
            created_at=one.created_at,
            groups=sorted(groups.get(one.id, [])),
            grants=sorted({_words(grant) for grant in mine}),
            oldest=min((since.get(grant.id, 0) for grant in mine), default=0),
            last_sign_in=signed_in.get(one.id, 0),
            last_use=last_use,
            second_factor=one.id in armed,
            unused=max(last_use, one.created_at) < now - asked.unused_days * DAY,
        )
        if line.unused or not asked.only_unused:
            found.append(line)
    return found


def _words(grant: Given) -> str:
    what = f"role:{grant.role}" if grant.role else grant.permission
    return f"{what} {grant.scope}".strip()


def _latest(session: Session, column: str, tables: tuple[type, ...]) -> dict[str, int]:
    latest: dict[str, int] = {}
    for table in tables:
        account = table.account  # type: ignore[attr-defined]
        question = select(account, func.max(getattr(table, column))).group_by(account)
        for who, at in session.exec(question):
            latest[who] = max(latest.get(who, 0), at or 0)
    return latest


def _csv(found: list[PersonReport]) -> Iterator[bytes]:
    yield csv_head(PersonReport.__struct_fields__)
    for one in found:
        yield csv_line(
            [
                one.account,
                one.login_id,
                one.name,
                iso(one.created_at),
                "; ".join(one.groups),
                "; ".join(one.grants),
                iso(one.oldest),
                iso(one.last_sign_in),
                iso(one.last_use),
                "yes" if one.second_factor else "no",
                "yes" if one.unused else "no",
            ]
        )
