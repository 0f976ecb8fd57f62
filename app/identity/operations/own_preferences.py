"""How pages speak to a person and look: language, time zone, theme, kept on the account."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from app.identity import proof
from app.identity.fields import Language, TimeZone
from app.identity.time_zones import check_time_zone
from app.operations.context import Context
from app.operations.operation import Effect, NoRequest, Route, operation
from app.operations.permissions import Permission

Theme = Annotated[
    Literal["", "light", "dark", "contrast"],
    Meta(description="Appearance of pages; empty: as the system"),
]


class Preferences(msgspec.Struct, frozen=True, kw_only=True):
    """What one chooses about pages."""

    language: Language
    time_zone: TimeZone
    theme: Theme = ""


@operation(
    "own.preferences",
    permission=Permission.SIGNED_IN,
    effect=Effect.READ,
    route=Route("GET", "/own/preferences"),
)
def get_preferences(context: Context, _: NoRequest) -> Preferences:
    """Show how pages speak to oneself and look."""
    account = proof.in_person(context)
    return msgspec.convert(
        {name: getattr(account, name) for name in Preferences.__struct_fields__}, Preferences
    )


@operation(
    "own.change_preferences",
    permission=Permission.SIGNED_IN,
    route=Route("PUT", "/own/preferences"),
)
def change_preferences(context: Context, wanted: Preferences) -> Preferences:
    """Change how pages speak to oneself and look."""
    account = proof.in_person(context)
    check_time_zone(wanted.time_zone)
    for name in Preferences.__struct_fields__:
        before, after = getattr(account, name), getattr(wanted, name)
        if before != after:
            context.event.change(name, before, after)
            setattr(account, name, after)
    context.session.flush()
    return wanted
