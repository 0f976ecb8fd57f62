"""`tenshu privacy retention`: how long each kind of data is kept, and what would go."""

import click
import msgspec

from app.core.errors import NotFound, TenshuError
from app.core.messages import mark
from app.operations.context import Context
from app.operations.operation import NoRequest
from app.privacy.operations.keeping import (
    ApplyRetention,
    PreviewRetention,
    RetentionPreview,
    RetentionRow,
    SetRetention,
    apply_retention,
    list_retention,
    preview_retention,
    set_retention,
)
from cli.invocation import Invocation, everywhere, this_call
from cli.request import request
from cli.table import columns, moment
from cli.waiting import asking_for_work


class KeptForEver(TenshuError):
    """Nobody has chosen days for this kind of data."""

    code = "command.kept_for_ever"
    message = "“{kind}” is kept for ever: nobody has chosen for how many days."
    hint = "Choose: tenshu privacy retention set {kind} DAYS"


class Gone(msgspec.Struct, frozen=True, kw_only=True):
    """What went of one kind."""

    kind: str
    due: int
    """What was older than the days that were chosen."""
    removed: int
    """What went at once; the rest goes with a job or when the history is sealed."""


@click.group
@everywhere
def retention() -> None:
    """See and choose for how many days each kind of data is kept."""


@retention.command("list")
@everywhere
@this_call
def list_(invocation: Invocation) -> None:
    """List the kinds of data and for how many days each is kept."""
    with invocation.context() as context:
        found = list_retention(context, NoRequest())
    marked = (mark("Kind"), mark("Name"), mark("Days"), mark("Applied last"))
    heads = [invocation.words(head) for head in marked]
    for_ever = invocation.words(mark("for ever"))
    rows = [
        (one.kind, invocation.words(one.title), one.days or for_ever, moment(one.ran_at))
        for one in found.items
    ]
    invocation.answer(found, lambda: columns(heads, rows))


@retention.command
@click.argument("kind")
@click.argument("days", type=int)
@everywhere
@this_call
def preview(invocation: Invocation, kind: str, days: int) -> None:
    """Tell what would go if KIND were kept for DAYS. Nothing goes."""
    with invocation.context() as context:
        seen = preview_retention(context, request(PreviewRetention, kind=kind, days=days))
    invocation.answer(seen, lambda: describe(invocation, seen))


@retention.command("set")
@click.argument("kind")
@click.argument("days", type=int)
@click.option("--yes", is_flag=True, help="Do not ask.")
@everywhere
@this_call
def set_(invocation: Invocation, kind: str, days: int, yes: bool) -> None:
    """Keep KIND for DAYS (0: for ever); what is older goes each night, for good."""
    with invocation.context() as context:
        seen = preview_retention(context, request(PreviewRetention, kind=kind, days=days))
        if not yes:
            click.echo(describe(invocation, seen), err=True)
            sure = invocation.words(mark("Keep it so from now on?"))
            click.confirm(sure, abort=True, err=True)
        wanted = request(SetRetention, kind=kind, days=days, rev=row_of(context, kind).rev)
        kept = set_retention(context, wanted)
    text = mark("{kind}: {days} days") if kept.days else mark("{kind}: for ever")
    said = {"days": kept.days} if kept.days else {}
    invocation.answer(kept, invocation.words(text, kind=invocation.words(kept.title), **said))


@retention.command
@click.argument("kind", required=False, default="")
@everywhere
@this_call
def apply(invocation: Invocation, kind: str) -> None:
    """Remove now what the next night would: of KIND, or of every kind with days."""
    with asking_for_work(invocation) as context:
        if kind and not row_of(context, kind).days:
            raise KeptForEver(kind=kind)
        rows = list_retention(context, NoRequest()).items
        gone = [_apply(context, one) for one in rows if one.days and kind in ("", one.kind)]
    marked = (mark("Kind"), mark("Too old"), mark("Removed"))
    heads = [invocation.words(head) for head in marked]
    cells = [(one.kind, one.due, one.removed) for one in gone]
    invocation.answer({"items": gone}, lambda: columns(heads, cells))


def row_of(context: Context, kind: str) -> RetentionRow:
    """Return how long a kind of data is kept. Raise NotFound."""
    for row in list_retention(context, NoRequest()).items:
        if row.kind == kind:
            return row
    raise NotFound(kind=mark("kind of data"), name=kind)


def describe(invocation: Invocation, seen: RetentionPreview) -> str:
    """Return for people what would go."""
    if not seen.days:
        return invocation.words(mark("Nothing would go: it is kept for ever."))
    if not seen.count:
        return invocation.words(mark("Nothing would go: nothing is older than {days} days."),
                                days=seen.days)  # fmt: skip
    return invocation.words(
        mark("{count} would go: what is older than {before}, the oldest of {oldest}."),
        count=seen.count,
        before=moment(seen.before),
        oldest=moment(seen.oldest),
    )


def _apply(context: Context, row: RetentionRow) -> Gone:
    due = preview_retention(context, PreviewRetention(kind=row.kind, days=row.days)).count
    removed = 0
    while portion := apply_retention(context, ApplyRetention(kind=row.kind)).removed:
        removed += portion
    return Gone(kind=row.kind, due=due, removed=removed)
