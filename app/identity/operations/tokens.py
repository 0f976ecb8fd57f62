"""API tokens of one's own (F4): the same rights as their person, or fewer."""

from typing import Annotated

import msgspec
from msgspec import Meta
from sqlmodel import col, select

from app.core.errors import InvalidInput, NotFound
from app.core.messages import mark
from app.core.secret import Secret
from app.identity import proof, rights, tokens
from app.identity.errors import BeyondYourRights
from app.identity.fields import Name
from app.identity.models import ApiTokenColumns
from app.identity.own_roles import GRANTABLE
from app.identity.planes import TOKENS, on_plane
from app.operations.context import Context
from app.operations.operation import Effect, NoRequest, Route, operation
from app.operations.permissions import Permission, Rights


class WantedRight(msgspec.Struct, frozen=True):
    """One permission on one scope."""

    permission: Annotated[str, Meta(max_length=64, description="Permission")]
    scope: Annotated[
        str, Meta(max_length=256, description="Where it holds; empty: wherever one's own does")
    ] = ""


class NewToken(msgspec.Struct, frozen=True, kw_only=True):
    """A token to be made."""

    name: Name
    rights: Annotated[
        list[WantedRight], Meta(min_length=1, max_length=256, description="What it may do")
    ]
    days: Annotated[
        int, Meta(ge=1, le=tokens.LONGEST_DAYS, description="Days until it expires")
    ] = 90


class TokenRow(msgspec.Struct, frozen=True, kw_only=True):
    """A token in the list."""

    id: str
    """Identifier."""
    name: str
    """As its person called it."""
    prefix: str
    """Its first characters, to recognise it by."""
    rights: list[tuple[str, str]]
    """Pairs of permission and scope."""
    created_at: int
    """Milliseconds since 1970."""
    expires_at: int
    """Milliseconds since 1970."""
    revoked_at: int
    """Milliseconds since 1970; 0: it is not."""
    last_used_at: int
    """Milliseconds since 1970, up to a minute old; 0: never."""


class TokenList(msgspec.Struct, frozen=True):
    """One's tokens, the newest first."""

    items: list[TokenRow]
    """The newest first."""


class CreatedToken(msgspec.Struct, frozen=True):
    """The token, shown once."""

    token: Secret
    """The whole token; it is kept nowhere."""
    row: TokenRow
    """What is kept of it."""


class TokenRef(msgspec.Struct, frozen=True):
    """One token."""

    token: Annotated[str, Meta(max_length=64, description="Identifier of the token")]


@operation("tokens.create", permission=Permission.SIGNED_IN)
def create_token(context: Context, new: NewToken) -> CreatedToken:
    """Make an API token of one's own.

    Raise BeyondYourRights if it would do more than its person.
    """
    account = proof.in_person(context)
    pairs = [(wanted.permission, wanted.scope) for wanted in new.rights]
    if not {name for name, _ in pairs} <= GRANTABLE:
        raise InvalidInput(field="rights", reason=mark("there is no such permission."))
    wanted = Rights(pairs)
    if not wanted.within(rights.held_by(context.session, account, context.now)):
        raise BeyondYourRights
    token, row = tokens.create(context, new.name, wanted, new.days)
    context.event.about("token", row.id, row.name)
    return CreatedToken(token, _row(row))


@operation(
    "tokens.list",
    permission=Permission.SIGNED_IN,
    effect=Effect.READ,
    route=Route("GET", "/own/tokens"),
)
def list_tokens(context: Context, _: NoRequest) -> TokenList:
    """Show one's API tokens of this plane."""
    table = on_plane(TOKENS, context.plane)
    rows = context.session.exec(
        select(table).where(table.account == context.actor.account).order_by(col(table.id).desc())
    ).all()
    return TokenList([_row(row) for row in rows])


@operation(
    "tokens.revoke",
    permission=Permission.SIGNED_IN,
    route=Route("POST", "/own/tokens/{token}/revoke"),
)
def revoke_token(context: Context, which: TokenRef) -> TokenRow:
    """Revoke one of one's API tokens; it works no more from the next request on."""
    table = on_plane(TOKENS, context.plane)
    row = context.session.get(table, which.token)
    if row is None or row.account != context.actor.account:
        raise NotFound(kind=mark("API token"), name=which.token)
    row.revoked_at = row.revoked_at or context.now
    context.event.about("token", row.id, row.name)
    return _row(row)


def _row(row: ApiTokenColumns) -> TokenRow:
    values = {name: getattr(row, name) for name in TokenRow.__struct_fields__ if name != "rights"}
    return TokenRow(**values, rights=sorted(rights.parse(row.rights).grants()))
