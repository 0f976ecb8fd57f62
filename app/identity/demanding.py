"""Who needs a second factor in the workspace: everybody, or whoever holds certain roles (F11)."""

from collections.abc import Sequence
from typing import Final

from sqlmodel import Session

from app.identity import rights
from app.identity.policies import IdentityPolicy

EVERYBODY: Final = "required"


def is_demanded(session: Session, policy: IdentityPolicy, account: str, now: int) -> bool:
    """Tell whether an account needs a second factor in the workspace at `now`."""
    return account in demanded_of(session, policy, [account], now)


def demanded_of(
    session: Session, policy: IdentityPolicy, accounts: Sequence[str], now: int
) -> set[str]:
    """Return those of the accounts that need one: a role counts wherever it is held."""
    if policy.workspace_second_factor == EVERYBODY:
        return set(accounts)
    if not policy.second_factor_roles:
        return set()
    wanted = set(policy.second_factor_roles)
    return {
        account
        for account, grants in rights.grants_held(session, accounts).items()
        if any(one.role in wanted and not one.taken and one.is_live(now) for one in grants)
    }
