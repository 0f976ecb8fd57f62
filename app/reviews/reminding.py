"""Who is reminded of a review, and when: shortly before its last day is over, and after it.

Whom a line waits for is asked at the moment of the mail, so a head who left is not written to and
whoever answers now is. Each person gets one mail an occasion, whatever the clock does.
"""

import enum
from collections import Counter

from sqlmodel import Session, select

from app.core.clock import DAY
from app.reviews.models import Campaign, ReviewLine, ReviewReminder
from app.reviews.reviewers import Chart

AHEAD = 7 * DAY
"""So long before the end the first reminder leaves; later where the review is a short one."""


class Occasion(enum.StrEnum):
    """Why somebody is written to."""

    SOON = "soon"
    OVERDUE = "overdue"


def occasion_of(campaign: Campaign, now: int) -> Occasion | None:
    """Return what there is to remind of now; None while most of the time is still to come."""
    if now >= campaign.due_at:
        return Occasion.OVERDUE
    middle = (campaign.created_at + campaign.due_at) // 2
    return Occasion.SOON if now >= max(campaign.due_at - AHEAD, middle) else None


def still_waiting(
    session: Session, chart: Chart, campaign: Campaign, occasion: Occasion
) -> dict[str, int]:
    """Return who has not answered and was not reminded of it: account → lines left."""
    undecided = select(ReviewLine.group, ReviewLine.account).where(
        ReviewLine.campaign == campaign.id, ReviewLine.decision == ""
    )
    waiting = Counter(
        chart.reviewer(group, account, campaign.owner).account
        for group, account in session.exec(undecided)
    )
    reminded = select(ReviewReminder.account).where(
        ReviewReminder.campaign == campaign.id, ReviewReminder.occasion == occasion
    )
    for account in session.exec(reminded):
        waiting.pop(account, None)
    return dict(waiting)
