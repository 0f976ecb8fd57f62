"""Finding the person whom a form means, among thousands (F4)."""

from typing import Annotated, Final

import msgspec
from msgspec import Meta
from sqlalchemy import case, func
from sqlmodel import col, or_, select

from app.identity import login_ids
from app.identity.models import Account
from app.operations.context import Context, Plane
from app.operations.operation import Effect, operation
from app.operations.permissions import Permission

SHOWN: Final = 10
"""More are no choice any more: whoever sees them types another letter."""


class PersonAsked(msgspec.Struct, frozen=True):
    """Whom somebody looks for."""

    text: Annotated[
        str, Meta(max_length=128, description="Login ID or identifier, or part of login ID or name")
    ]


class FoundPerson(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody whom the text fits."""

    id: str
    """Identifier."""
    login_id: str
    """Folded: one spelling."""
    name: str
    """As others see it."""
    state: str
    """active or suspended."""


class FoundPeople(msgspec.Struct, frozen=True, kw_only=True):
    """Whom the text fits."""

    items: list[FoundPerson]
    """The first of them by login ID, on top the one whose login ID it is."""
    total: int
    """How many there are."""
    exact: str
    """Identifier of the account that the text names as a whole; empty: it names none."""


@operation(
    "accounts.find",
    permission=Permission.ACCOUNTS_VIEW,
    effect=Effect.REVEAL,
    planes=(Plane.CONSOLE,),
)
def find_people(context: Context, asked: PersonAsked) -> FoundPeople:
    """Find the person whom a form means, by a part of login ID or name."""
    whole = login_ids.fold(asked.text)
    named = or_(col(Account.login_id) == whole, col(Account.id) == asked.text)
    fits = or_(
        named,
        col(Account.login_id).contains(whole, autoescape=True),
        col(Account.name).contains(asked.text, autoescape=True),
    )
    session = context.session
    total = session.exec(select(func.count()).select_from(Account).where(fits)).one()
    question = select(Account.id, Account.login_id, Account.name, Account.state).where(fits)
    order = (case((named, 0), else_=1), col(Account.login_id))
    rows = session.exec(question.order_by(*order).limit(SHOWN)).all()
    items = [FoundPerson(id=row[0], login_id=row[1], name=row[2], state=row[3]) for row in rows]
    context.event.numbers["rows"] = len(items)
    exact = next((one.id for one in items if asked.text == one.id or whole == one.login_id), "")
    return FoundPeople(items=items, total=total, exact=exact)
