"""Everything that one person holds, and what becomes of it (F4)."""

import msgspec
from sqlmodel import Session

from app.identity import account_rows
from app.identity.holdings import Held, Holding, all_holdings
from app.identity.models import Account
from app.identity.operations.account_views import AccountRef, AccountRow, describe
from app.leaving.ending import SHOWN, check_successor
from app.leaving.errors import UnsuitableSuccessor
from app.leaving.models import Departure
from app.operations.context import Context, Plane
from app.operations.operation import Effect, Route, operation
from app.operations.permissions import Permission

ON_CONSOLE = (Plane.CONSOLE,)


class KindHeld(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of thing that the person holds."""

    kind: str
    """Short name."""
    title: str
    """English text of the catalogue."""
    count: int
    """How many there are."""
    items: list[Held]
    """The first of them."""
    ends: bool
    """It ends with the person; otherwise it stays under the person's name."""
    passes: bool
    """It passes to the successor, if one is named."""


class LeavingView(msgspec.Struct, frozen=True, kw_only=True):
    """One person's leaving."""

    account: AccountRow
    """Who it is."""
    leaves_on: str
    """Last day, as an ISO date; empty while none is set."""
    successor: str
    """Identifier of the account that takes over; empty where none is named."""
    successor_name: str
    """Its name."""
    successor_login_id: str
    """Its login ID."""
    successor_lacks: str
    """Why it cannot take over; empty where it can."""
    holdings: list[KindHeld]
    """What the person holds, kind by kind; kinds that are empty too."""
    left_at: int
    """When the person was ended (ms); 0 where that has not happened."""
    ended: dict[str, int]
    """Kind → how many ended then."""
    passed: dict[str, int]
    """Kind → how many passed to the successor then."""


@operation(
    "leaving.get",
    permission=Permission.ACCOUNTS_VIEW,
    effect=Effect.REVEAL,
    planes=ON_CONSOLE,
    route=Route("GET", "/accounts/{account}/leaving"),
)
def get_leaving(context: Context, which: AccountRef) -> LeavingView:
    """Show everything that a person holds, and what becomes of it when they leave."""
    account = account_rows.by_id(context.session, which.account)
    context.event.about("account", account.id, account.name)
    return view_of(context.session, account)


def view_of(session: Session, account: Account) -> LeavingView:
    """Return one person's leaving as it stands."""
    departure = session.get(Departure, account.id)
    counts = dict[str, int]
    named = session.get(Account, account.successor) if account.successor else None
    return LeavingView(
        account=describe(account),
        leaves_on=account.leaves_on,
        successor=account.successor,
        successor_name=named.name if named else "",
        successor_login_id=named.login_id if named else "",
        successor_lacks=_lack(session, account),
        holdings=[_kind(session, account.id, holding) for holding in all_holdings()],
        left_at=departure.at if departure else 0,
        ended=msgspec.json.decode(departure.ended, type=counts) if departure else {},
        passed=msgspec.json.decode(departure.passed, type=counts) if departure else {},
    )


def _kind(session: Session, account: str, holding: Holding) -> KindHeld:
    items = holding.held(session, account)
    return KindHeld(
        kind=holding.kind,
        title=holding.title,
        count=len(items),
        items=list(items[:SHOWN]),
        ends=holding.end is not None,
        passes=holding.pass_on is not None,
    )


def _lack(session: Session, account: Account) -> str:
    """Return why the named successor cannot take over any more; empty where it can."""
    if not account.successor:
        return ""
    try:
        check_successor(session, account, account.successor, account.leaves_on)
    except UnsuitableSuccessor as error:
        return str(error.parameters["reason"])
    return ""
