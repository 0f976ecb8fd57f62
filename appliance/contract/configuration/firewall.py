"""What the packet filter allows beyond the areas' lists, and when it bans (V12, METI-42)."""

from typing import Annotated

from msgspec import Meta

from appliance.contract.configuration.sections import Prefix, Section


class Firewall(Section, frozen=True, kw_only=True):
    """Everything that is not allowed here or by `[access]` is dropped: in, out and forward."""

    http_redirect: Annotated[
        bool, Meta(description="Answer on port 80 with the way to HTTPS, and with nothing else")
    ] = False
    smtp: Annotated[bool, Meta(description="Take mail on port 25")] = False
    ping: Annotated[bool, Meta(description="Answer to ping")] = True
    connections_per_source: Annotated[
        int, Meta(ge=16, le=10_000, description="Connections that one address may hold at once")
    ] = 256
    new_connections_per_minute: Annotated[
        int,
        Meta(
            ge=60, le=100_000, description="New connections of one address in a minute; then a ban"
        ),
    ] = 1200
    ban_minutes: Annotated[
        int, Meta(ge=0, le=1440, description="How long a ban holds; 0 bans nobody")
    ] = 10
    never_banned: Annotated[
        tuple[Prefix, ...],
        Meta(
            description="Networks that are never banned, beside gateways and trusted proxies",
            max_length=100,
        ),
    ] = ()
