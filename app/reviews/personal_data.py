"""What access reviews keep about a person: their lines, what they decided, what they answer for.

A closed review's result is evidence whose digest stands in the sealed history. Where somebody in it
is erased the names go from there too, and the result says so: its digest is another one then.
"""

from collections.abc import Iterator

from sqlalchemy import delete, update
from sqlmodel import Session, col, or_, select

from app.core import clock
from app.core.messages import mark
from app.identity.personal import About, Told, declare_about
from app.identity.personal_data import pseudonym
from app.reviews.models import Campaign, ReviewLine, ReviewReminder
from app.reviews.result import without_person


def _columns(row: ReviewLine) -> Told:
    return {name: getattr(row, name) for name in ReviewLine.model_fields}


def _lines(session: Session, account: str) -> Iterator[Told]:
    mine = or_(ReviewLine.account == account, ReviewLine.decided_by == account)
    for row in session.exec(select(ReviewLine).where(mine).order_by(ReviewLine.id)):
        yield _columns(row)


def _campaigns(session: Session, account: str) -> Iterator[Told]:
    mine = or_(
        Campaign.owner == account, Campaign.created_by == account, Campaign.closed_by == account
    )
    for row in session.exec(select(Campaign).where(mine).order_by(Campaign.id)):
        yield {name: getattr(row, name) for name in ("id", "name", "owner", "state", "created_at")}
    reminders = select(ReviewReminder).where(ReviewReminder.account == account)
    for one in session.exec(reminders):
        yield {"id": one.campaign, "reminded": one.occasion, "at": one.at}


def _forget_lines(session: Session, account: str) -> int:
    """Replace the names in lines and results; remove the reasons that were written about them."""
    name = pseudonym(account)
    changed = session.exec(
        update(ReviewLine)
        .where(col(ReviewLine.account) == account)
        .values(login_id=name, name=name, reason="")
    ).rowcount
    for campaign in session.exec(select(Campaign).where(Campaign.result != "")):
        result = without_person(campaign.result, account, name, at=clock.now())
        if result != campaign.result:
            campaign.result = result
            changed += 1
    return changed


def _forget_reminders(session: Session, account: str) -> int:
    gone = session.exec(delete(ReviewReminder).where(col(ReviewReminder.account) == account))
    return gone.rowcount


declare_about(About("review-lines", mark("Lines of access reviews"), _lines, _forget_lines))
declare_about(About("reviews", mark("Access reviews"), _campaigns, _forget_reminders))
