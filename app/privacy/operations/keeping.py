"""How long each kind of data is kept: for ever, unless somebody chose otherwise (METI-31)."""

from typing import Annotated

import msgspec
from msgspec import Meta
from sqlmodel import Session, select

from app.core import clock
from app.core.errors import Conflict, NotFound
from app.core.messages import mark
from app.identity.fields import Rev
from app.identity.keeping import Kept, all_kept
from app.operations.context import Context
from app.operations.operation import Effect, NoRequest, Route, Tier, operation
from app.operations.permissions import Permission
from app.privacy.models import Retention
from app.privacy.operations.disclosing import ON_CONSOLE

Days = Annotated[int, Meta(ge=0, le=36_500, description="Days; 0: for ever")]
Kind = Annotated[str, Meta(max_length=64, description="Kind of data")]


class RetentionRow(msgspec.Struct, frozen=True, kw_only=True):
    """How long one kind of data is kept."""

    kind: str
    """Short name."""
    title: str
    """English text of the catalogue."""
    help: str
    """English text of the catalogue."""
    days: int
    """0: for ever."""
    rev: int
    """To be given back with a change; 0 while nothing was ever chosen."""
    ran_at: int
    """When it was applied last (ms); 0: never."""


class RetentionList(msgspec.Struct, frozen=True):
    """Every kind of data that may be kept for some days only."""

    items: list[RetentionRow]
    """As they are declared."""


class PreviewRetention(msgspec.Struct, frozen=True, kw_only=True):
    """A number of days to try."""

    kind: Kind
    days: Days


class RetentionPreview(msgspec.Struct, frozen=True, kw_only=True):
    """What would go."""

    kind: str
    """Short name."""
    days: int
    """0: for ever."""
    before: int
    """What is older than this would go (ms); 0: nothing."""
    count: int
    """How many things."""
    oldest: int
    """The oldest of them (ms); 0 where there is none."""


class SetRetention(msgspec.Struct, frozen=True, kw_only=True):
    """How long one kind of data shall be kept."""

    kind: Kind
    days: Days
    rev: Rev


class ApplyRetention(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of data whose days are over."""

    kind: Kind


class RetentionApplied(msgspec.Struct, frozen=True, kw_only=True):
    """What went."""

    removed: int
    """How many things; there may be more while this is not 0."""


@operation(
    "privacy.list_retention",
    permission=Permission.SETTINGS_VIEW,
    effect=Effect.READ,
    planes=ON_CONSOLE,
    route=Route("GET", "/privacy/retention"),
)
def list_retention(context: Context, _: NoRequest) -> RetentionList:
    """Show how long each kind of data is kept."""
    chosen = {one.kind: one for one in context.session.exec(select(Retention))}
    return RetentionList([_row(kept, chosen.get(kept.kind)) for kept in all_kept()])


@operation(
    "privacy.preview_retention",
    permission=Permission.SETTINGS_VIEW,
    effect=Effect.READ,
    planes=ON_CONSOLE,
    route=Route("GET", "/privacy/retention/{kind}/preview"),
)
def preview_retention(context: Context, wanted: PreviewRetention) -> RetentionPreview:
    """Tell what would go if a kind of data were kept for so many days."""
    kept = _kept(wanted.kind)
    if not wanted.days:
        return RetentionPreview(kind=kept.kind, days=0, before=0, count=0, oldest=0)
    before = context.now - wanted.days * clock.DAY
    due = kept.due(context, before, 0)
    return RetentionPreview(
        kind=kept.kind, days=wanted.days, before=before, count=due.count, oldest=due.oldest
    )


@operation(
    "privacy.set_retention",
    permission=Permission.AUDIT_ERASE,
    tier=Tier.T2_DANGEROUS,
    planes=ON_CONSOLE,
    route=Route("PUT", "/privacy/retention/{kind}"),
)
def set_retention(context: Context, wanted: SetRetention) -> RetentionRow:
    """Choose for how many days a kind of data is kept; what is older goes each night.

    Raise NotFound or Conflict.
    """
    kept = _kept(wanted.kind)
    row = context.session.get(Retention, kept.kind)
    if (row.rev if row else 0) != wanted.rev:
        raise Conflict(name=kept.title)
    context.event.about("retention", kept.kind, kept.title)
    context.event.change("days", row.days if row else 0, wanted.days)
    made = Retention(
        kind=kept.kind,
        days=wanted.days,
        rev=wanted.rev + 1,
        ran_at=row.ran_at if row else 0,
    )
    return _row(kept, context.session.merge(made))


@operation("privacy.apply_retention", permission=Permission.AUDIT_ERASE, planes=(), in_reserve=True)
def apply_retention(context: Context, which: ApplyRetention) -> RetentionApplied:
    """Remove what is older than the days that were chosen for its kind."""
    kept = _kept(which.kind)
    context.event.about("retention", kept.kind, kept.title)
    row = context.session.get(Retention, kept.kind)
    if row is None or not row.days:
        return RetentionApplied(removed=0)
    before = context.now - row.days * clock.DAY
    due = kept.due(context, before, max(0, row.ran_at - row.days * clock.DAY))
    removed = kept.remove(context, before) if due.count else 0
    context.event.numbers.update(before=before, rows=removed or due.count)
    if not removed:
        row.ran_at = context.now
        context.session.add(row)
    return RetentionApplied(removed=removed)


def due_kinds(session: Session, now: int) -> list[str]:
    """Return the kinds that were chosen and not applied for a day."""
    found = session.exec(select(Retention).where(Retention.days > 0))
    return [row.kind for row in found if not now - clock.DAY < row.ran_at <= now]


def _kept(kind: str) -> Kept:
    for kept in all_kept():
        if kept.kind == kind:
            return kept
    raise NotFound(kind=mark("kind of data"), name=kind)


def _row(kept: Kept, row: Retention | None) -> RetentionRow:
    return RetentionRow(
        kind=kept.kind,
        title=kept.title,
        help=kept.help,
        days=row.days if row else 0,
        rev=row.rev if row else 0,
        ran_at=row.ran_at if row else 0,
    )
