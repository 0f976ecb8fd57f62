"""The order of a list, and where its next page begins: keyset, whichever column sorts.

    ORDERS: Final = Orders("login_id", {"login_id": Account.login_id, "name": Account.name})
    order = ORDERS.by("-name")
    found = session.exec(order.page(question, wanted.after, wanted.limit)).all()
    return Page(items=found[: wanted.limit], after=order.after(found, wanted.limit))

Two rows may have the same name. A column that is unique, and whose texts hold no space, breaks the
tie: a page ends at one row and the next begins behind it, also where rows came or went meanwhile.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from sqlalchemy import Select, tuple_

from app.core.errors import InvalidInput
from app.core.messages import mark

Question = TypeVar("Question", bound=Select[*tuple[Any, ...]])

_LONGEST_NUMBER: Final = 18
"""Digits; what is longer is no number of ours."""


@dataclass(frozen=True, slots=True)
class Order:
    """One order of a list."""

    columns: Mapping[str, Any]
    """What sorts, and what breaks its ties; one column where they are the same."""
    down: bool

    def page(self, question: Question, after: str, limit: int) -> Question:
        """Return `question` in this order, from `after` on: one row more than the page holds."""
        columns = self.columns.values()
        if after:
            here, end = tuple_(*columns), tuple_(*self._read(after))
            question = question.where(here < end if self.down else here > end)
        ways = [column.desc() if self.down else column.asc() for column in columns]
        return question.order_by(*ways).limit(limit + 1)

    def after(self, found: Sequence[Any], limit: int) -> str:
        """Return where the next page of what `page` found begins; empty where there is none."""
        if len(found) <= limit:
            return ""
        last = found[limit - 1]
        return " ".join(str(getattr(last, column.key)) for column in self.columns.values())

    def _read(self, after: str) -> list[object]:
        if len(self.columns) == 1:
            return [after]
        text, _, tie = after.rpartition(" ")
        if next(iter(self.columns.values())).type.python_type is not int:
            return [text, tie]
        if not text.isdecimal() or len(text) > _LONGEST_NUMBER:
            raise InvalidInput(field="after", reason=mark("Begin with the first page again."))
        return [int(text), tie]


@dataclass(frozen=True, slots=True)
class Orders:
    """The orders that a list knows: by each of its columns, up and down."""

    tie: str
    """Name of the column that is unique."""
    columns: Mapping[str, Any]

    def by(self, sort: str) -> Order:
        """Return the order of a column's name, with `-` in front for downward."""
        name = sort.removeprefix("-")
        columns = {each: self.columns[each] for each in (name, self.tie)}
        return Order(columns, down=name != sort)
