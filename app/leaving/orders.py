"""The orders of the list of leavers: who leaves next first, or by a column (F4)."""

from collections.abc import Sequence
from typing import Final, Literal

from sqlalchemy import ColumnElement, and_, case, or_, tuple_
from sqlmodel import col

from app.identity.models import Account
from app.leaving.models import Departure
from app.operations.order import Order, Orders, Question

Found = Sequence[tuple[Account, Departure | None]]

LeaverSort = Literal["", "login_id", "-login_id", "name", "-name", "last_day", "-last_day"]

HAS_LEFT: Final[ColumnElement[int]] = case(
    (col(Departure.last_day) == col(Account.leaves_on), 1), else_=0
)
"""Of an account and its departure, if it has one: 1 once that last day has ended everything."""

_columns: Final = Orders(
    "login_id",
    {"login_id": Account.login_id, "name": Account.name, "last_day": Account.leaves_on},
)


class NextFirst:
    """Who leaves next, on top whoever is overdue; below them who has left, the latest first."""

    def page(self, question: Question, after: str, limit: int) -> Question:
        """Return `question` in this order, from `after` on: one row more than the page holds."""
        day, login_id = col(Account.leaves_on), col(Account.login_id)
        if after:
            left, end_day, end_id = [*after.split(" "), "", ""][:3]
            following = tuple_(day, login_id) > tuple_(end_day, end_id)
            earlier = or_(day < end_day, and_(day == end_day, login_id > end_id))
            question = question.where(
                and_(HAS_LEFT == 1, earlier)
                if left == "1"
                else or_(HAS_LEFT == 1, and_(HAS_LEFT == 0, following))
            )
        to_come = case((HAS_LEFT == 0, day), else_="")
        return question.order_by(HAS_LEFT, to_come, day.desc(), login_id).limit(limit + 1)

    def after(self, found: Found, limit: int) -> str:
        """Return where the next page begins; empty where there is none."""
        if len(found) <= limit:
            return ""
        account, departure = found[limit - 1]
        left = departure is not None and departure.last_day == account.leaves_on
        return f"{int(left)} {account.leaves_on} {account.login_id}"


class ByColumn:
    """By a column of the account."""

    def __init__(self, order: Order) -> None:
        self._order = order

    def page(self, question: Question, after: str, limit: int) -> Question:
        """Return `question` in this order, from `after` on: one row more than the page holds."""
        return self._order.page(question, after, limit)

    def after(self, found: Found, limit: int) -> str:
        """Return where the next page begins; empty where there is none."""
        return self._order.after([account for account, _ in found], limit)


def order_of(sort: LeaverSort) -> NextFirst | ByColumn:
    """Return an order by its name; the empty one is who leaves next first."""
    return ByColumn(_columns.by(sort)) if sort else NextFirst()
