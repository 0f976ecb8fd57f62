"""Access reviews on the console: the list, one review with its progress, its end, the report."""

from collections import Counter
from typing import Any

from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery

from app.console.person_choice import Choice, Choices, account_of, choices_of
from app.console.review_progress import decided_over_time
from app.core import clock
from app.core.errors import InvalidInput, NotFound, TenshuError
from app.core.messages import mark
from app.identity.operations import groups
from app.operations.context import Context
from app.operations.operation import NoRequest
from app.operations.permissions import Permission
from app.reviews.operations import campaigns, closing, report
from app.reviews.operations.views import CampaignRow
from app.web.asking import AnyRequest
from app.web.days import day_is_over
from app.web.pages import (
    Answer,
    ask,
    field_errors,
    go,
    need_sign_in,
    page,
    perform,
    result_of,
)
from app.web.review_lines import sieve_of
from app.web.right_words import words_of_rights
from app.web.routing import get, post
from app.web.shared_pages import Form

OUTCOMES = ("kept", "withdrawn", "gone", "undecided")
NOBODY = mark("There is no account with this login ID.")
DAYS = ("30", "60", "90", "180", "365")


@get("/reviews")
def show_reviews(request: AnyRequest) -> Answer:
    """Show the reviews."""
    return _list_page(request, {}, {})


@post("/reviews")
def begin(request: AnyRequest, data: Form) -> Answer:
    """Begin a review."""
    context = need_sign_in(request)
    chosen = data.get("groups", [])
    typed: dict[str, Any] = {
        "name": str(data.get("name", "")).strip(),
        "due": str(data.get("due", "")),
        "groups": chosen if isinstance(chosen, list) else [str(chosen)],
    }
    named = Choice.read(data, "owner")
    try:
        due_at = day_is_over(request, "due", typed["due"]) or 0
        owner = _account_of(context, named) if named.text else ""
        new = ask(
            campaigns.NewCampaign,
            name=typed["name"],
            due_at=due_at,
            owner=owner,
            groups=typed["groups"],
        )
        return perform(request, campaigns.create_campaign, new)
    except TenshuError as error:
        errors = {
            "due" if name == "due_at" else name: text
            for name, text in field_errors(context.language, error).items()
        }
        owners = choices_of(context, named)
        return _list_page(request, typed, errors, status=error.status, owner=owners)


@get("/reviews/{campaign:str}")
def show_review(
    request: AnyRequest, campaign: FromPath[str], notice: FromQuery[str] = ""
) -> Answer:
    """Show one review: how far it is, with each head, and its lines."""
    return _review_page(request, campaign, {}, notice=notice)


@post("/reviews/{campaign:str}/close")
def close(request: AnyRequest, campaign: FromPath[str]) -> Answer:
    """Close the review, after a fresh second factor."""
    context = need_sign_in(request)
    try:
        which = ask(campaigns.CampaignRef, campaign=campaign)
        return perform(request, closing.close_campaign, which)
    except TenshuError as error:
        errors = field_errors(context.language, error)
        return _review_page(request, campaign, errors, status=error.status)


@get("/reviews/{campaign:str}/print")
def show_paper(request: AnyRequest, campaign: FromPath[str]) -> Answer:
    """Show the result as it is printed and signed."""
    context = need_sign_in(request)
    kept = closing.show_result(context, ask(campaigns.CampaignRef, campaign=campaign))
    outcomes = Counter(line.outcome for line in kept.result.lines)
    return page(
        request,
        "console/review_result.html",
        result=kept.result,
        digest=kept.digest,
        outcomes_of=outcomes,
        refused=sum(count for one, count in outcomes.items() if one not in OUTCOMES),
        words=words_of_rights(request),
    )


@post("/reviews/{campaign:str}/result")
def download(request: AnyRequest, campaign: FromPath[str]) -> Answer:
    """Hand out the result."""
    need_sign_in(request)
    which = ask(campaigns.CampaignRef, campaign=campaign)
    return perform(request, closing.download_result, which)


@get("/access-report")
def show_report(
    request: AnyRequest, days: FromQuery[str] = "90", unused: FromQuery[str] = ""
) -> Answer:
    """Show who holds what and whether they use it."""
    context = need_sign_in(request)
    asked = _asked(days, unused)
    return page(
        request,
        "console/access_report.html",
        rows=report.report(context, asked).items,
        days=str(asked.unused_days),
        choices=DAYS,
        words=words_of_rights(request),
        unused=asked.only_unused,
        may_export=context.actor.rights.allows(Permission.ACCOUNTS_EXPORT),
    )


@post("/access-report/export")
def export(request: AnyRequest, data: Form) -> Answer:
    """Hand out what the report shows."""
    need_sign_in(request)
    asked = _asked(str(data.get("days", "")), str(data.get("unused", "")))
    return perform(request, report.export_report, asked)


@result_of(campaigns.create_campaign)
def begun(_request: AnyRequest, result: CampaignRow) -> Answer:
    """Go to the review."""
    return go(f"/reviews/{result.id}?notice=begun")


@result_of(closing.close_campaign)
def closed(_request: AnyRequest, result: CampaignRow) -> Answer:
    """Go to the review."""
    return go(f"/reviews/{result.id}?notice=closed")


def _account_of(context: Context, named: Choice) -> str:
    """Return who is meant. Raise InvalidInput at the field of the owner."""
    try:
        return account_of(context, named, "owner")
    except NotFound as error:
        raise InvalidInput(field="owner", reason=NOBODY) from error


def _asked(days: str, unused: str) -> report.ReportAsked:
    return ask(
        report.ReportAsked,
        unused_days=days if days in DAYS else "90",
        only_unused="true" if unused == "yes" else "false",
    )


def _list_page(
    request: AnyRequest,
    typed: dict[str, Any],
    errors: dict[str, str],
    *,
    status: int = 200,
    owner: Choices | None = None,
) -> Answer:
    context = need_sign_in(request)
    return page(
        request,
        "console/reviews.html",
        status=status,
        rows=campaigns.list_campaigns(context, NoRequest()).items,
        groups=[
            (one.id, one.path) for one in groups.list_groups(context, groups.GroupFilter()).items
        ],
        typed=typed,
        owner=owner or Choices(),
        errors=errors,
        may_begin=context.actor.rights.allows(Permission.GRANTS_MANAGE),
    )


def _review_page(
    request: AnyRequest,
    campaign: str,
    errors: dict[str, str],
    *,
    status: int = 200,
    notice: str = "",
) -> Answer:
    context = need_sign_in(request)
    found = campaigns.get_campaign(context, ask(campaigns.CampaignRef, campaign=campaign))
    heads: dict[str, list[int]] = {}
    for line in found.lines:
        counts = heads.setdefault(line.reviewer_name, [0, 0])
        counts[0] += bool(line.decision)
        counts[1] += 1
    asked = request.query_params
    sieve = sieve_of(request, asked.get("q", ""), asked.get("status", ""))
    one = found.campaign
    times, decided = decided_over_time(
        (line.decided_at for line in found.lines),
        one.created_at,
        one.closed_at or clock.now(),
    )
    return page(
        request,
        "console/review.html",
        status=status,
        found=found,
        sieve=sieve,
        lines=sieve.pick(found.lines),
        heads=sorted(heads.items()),
        times=times,
        decided=decided,
        words=words_of_rights(request),
        errors=errors,
        notice=notice,
        may_close=context.actor.rights.allows(Permission.GRANTS_MANAGE),
        may_export=context.actor.rights.allows(Permission.ACCOUNTS_EXPORT),
    )


def console_review_pages() -> list[HTTPRouteHandler]:
    """Return the handlers of this module."""
    return [show_reviews, begin, show_review, show_paper, close, download, show_report, export]
