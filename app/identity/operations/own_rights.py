"""What one may do oneself, and where each right comes from (METI-45)."""

import msgspec

from app.identity import explaining, proof
from app.identity.explaining import Chain
from app.identity.operations.why import givers
from app.identity.own_roles import GRANTABLE
from app.operations.context import Context
from app.operations.operation import Effect, NoRequest, Route, operation
from app.operations.permissions import Permission


class OwnRight(msgspec.Struct, frozen=True, kw_only=True):
    """One permission, and every way in which it comes to one or is taken away."""

    permission: str
    """Permission."""
    scopes: list[str]
    """Where it holds now; an empty one: everywhere. None at all: it was taken away."""
    gives: list[Chain]
    """Each way in which it was given."""
    takes: list[Chain]
    """What took it away: that wins."""


class OwnRights(msgspec.Struct, frozen=True, kw_only=True):
    """One's own rights."""

    login_id: str
    """One's own."""
    items: list[OwnRight]
    """By permission."""
    people: dict[str, str]
    """Account → name of those who gave something."""


@operation(
    "own.rights",
    permission=Permission.SIGNED_IN,
    effect=Effect.READ,
    route=Route("GET", "/own/rights"),
)
def list_rights(context: Context, _: NoRequest) -> OwnRights:
    """Show what one may do, and where each right comes from."""
    account, session = proof.in_person(context), context.session
    facts = explaining.facts_at(session, context.now, account.id)
    held = facts.compiled(account.id).rights.grants()
    found = []
    for permission in sorted(GRANTABLE):
        chains = list(explaining.chains(facts, account.id, permission))
        if chains:
            found.append(
                OwnRight(
                    permission=permission,
                    scopes=sorted(scope for name, scope in held if name == permission),
                    gives=[chain for chain in chains if not chain.taken],
                    takes=[chain for chain in chains if chain.taken],
                )
            )
    every = [chain for one in found for chain in (*one.gives, *one.takes)]
    return OwnRights(login_id=account.login_id, items=found, people=givers(session, every))
