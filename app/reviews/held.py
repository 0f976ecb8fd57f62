"""What reviews hold for a person: open ones that they answer for where no head is left."""

from collections.abc import Sequence

from sqlalchemy import update
from sqlmodel import Session, col, select

from app.core.messages import mark
from app.identity.holdings import Held, Holding, declare
from app.reviews.models import Campaign
from app.reviews.operations.views import OPEN


def _reviews(session: Session, account: str) -> Sequence[Held]:
    mine = select(Campaign).where(Campaign.owner == account, Campaign.state == OPEN)
    return [
        Held(id=one.id, name=one.name, since=one.created_at, href=f"/reviews/{one.id}")
        for one in session.exec(mine.order_by(Campaign.id))
    ]


def _pass_reviews(session: Session, account: str, successor: str) -> int:
    given = session.exec(
        update(Campaign)
        .where(col(Campaign.owner) == account, col(Campaign.state) == OPEN)
        .values(owner=successor)
    )
    return given.rowcount


declare(
    Holding(
        kind="reviews",
        title=mark("Access reviews that they answer for"),
        held=_reviews,
        pass_on=_pass_reviews,
    )
)
