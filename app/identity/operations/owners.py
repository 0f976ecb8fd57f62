"""How many could still govern the appliance if one telephone were lost (METI-46)."""

import msgspec
from sqlmodel import col, select

from app.identity import account_rows, factors
from app.identity.models import Account
from app.identity.planes import CREDENTIALS
from app.operations.context import Context, Plane
from app.operations.operation import Effect, NoRequest, operation
from app.operations.permissions import Permission

ENOUGH = 2
"""With fewer the setup is not finished: one lost factor would lock everybody out."""


class Owners(msgspec.Struct, frozen=True):
    """Owners who can act."""

    ready: int
    """Active owners with a second factor."""


@operation(
    "accounts.owners",
    permission=Permission.ACCOUNTS_VIEW,
    effect=Effect.READ,
    planes=(Plane.CONSOLE,),
)
def count_owners(context: Context, _: NoRequest) -> Owners:
    """Count the active owners who have a second factor."""
    session = context.session
    owners = set(
        session.exec(
            select(Account.id).where(col(Account.is_owner), Account.state == account_rows.ACTIVE)
        ).all()
    )
    armed = {
        account
        for table in CREDENTIALS
        for account in session.exec(
            select(table.account).where(
                col(table.account).in_(owners), table.state == factors.ACTIVE
            )
        )
    }
    return Owners(len(armed))
