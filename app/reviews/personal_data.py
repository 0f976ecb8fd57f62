"""What access reviews keep about a person: their lines, what they decided, what they answer for.

A reason that somebody typed may name anybody: it is searched for, and goes from line and result.
A closed review's result is evidence whose digest stands in the sealed history. Where somebody in it
is erased the names go from there too, and the result says so: its digest is another one then.
"""

from collections.abc import Iterator

from sqlalchemy import delete, false, func, update
from sqlmodel import Session, col, or_, select

from app.core import clock
from app.core.messages import mark
from app.identity.personal import (
    About,
    Batch,
    Found,
    Searched,
    Told,
    Wanted,
    declare_about,
    declare_searched,
)
from app.identity.personal_data import pseudonym
from app.operations.context import Context
from app.reviews.models import Campaign, ReviewLine, ReviewReminder
from app.reviews.result import without_person, without_reason


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


def look(context: Context, wanted: Wanted, _after: str) -> Batch:
    """Look at the reasons of every line: few lines have one, and it is short."""
    reason = col(ReviewLine.reason)
    names = (reason.icontains(text, autoescape=True) for text in wanted.texts)
    question = (
        select(ReviewLine, Campaign.name)
        .join(Campaign, col(Campaign.id) == col(ReviewLine.campaign))
        .where(or_(false(), *names))
        .order_by(col(ReviewLine.id))
    )
    found = [
        Found(
            place=f"reviews/{line.id}",
            title=name,
            at=line.decided_at,
            why=mark("The reason of a decision in an access review names it."),
            body={"right": line.right, "reason": line.reason},
        )
        for line, name in context.session.exec(question)
    ]
    return Batch(found=found, after="", looked_at=count(context.session))


def count(session: Session) -> int:
    """Count the lines with a reason."""
    return session.exec(select(func.count()).where(col(ReviewLine.reason) != "")).one()


def forget(context: Context, place: str) -> int:
    """Remove the reason of a line, from the kept result too; the decision stays."""
    session = context.session
    line = session.get(ReviewLine, place.partition("/")[2])
    if line is None:
        return 0
    line.reason = ""
    session.add(line)
    campaign = session.get_one(Campaign, line.campaign)
    if campaign.result:
        campaign.result = without_reason(campaign.result, line, at=context.now)
        session.add(campaign)
    return 1


def forget_uploads(_context: Context, _account: str) -> int:
    """Remove nothing: reviews keep no files."""
    return 0


declare_about(About("review-lines", mark("Lines of access reviews"), _lines, _forget_lines))
declare_about(About("reviews", mark("Access reviews"), _campaigns, _forget_reminders))
declare_searched(
    Searched(
        kind="reviews",
        title=mark("Access reviews"),
        look=look,
        count=count,
        forget=forget,
        forget_uploads=forget_uploads,
        at_once=True,
    )
)
