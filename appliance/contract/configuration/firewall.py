"""What the packet filter allows beyond the areas' lists, and when it bans (V12, METI-42)."""

import enum
from typing import Annotated

from msgspec import Meta

from appliance.contract.configuration.sections import Host, Note, Prefix, Section


class Purpose(enum.StrEnum):
    """What something goes out for; says which of the appliance's users may send it."""

    MAIL = "mail"
    SYSLOG = "syslog"
    BACKUP = "backup"
    UPDATES = "updates"
    WEBHOOK = "webhook"
    DIRECTORY = "directory"
    CERTIFICATES = "certificates"


class Protocol(enum.StrEnum):
    """How it is sent."""

    TCP = "tcp"
    UDP = "udp"


class Destination(Section, frozen=True, kw_only=True):
    """Something that a function of the appliance reaches."""

    purpose: Annotated[Purpose, Meta(description="What it is reached for")]
    host: Annotated[
        Host,
        Meta(
            description="Address or name. By an address the filter is exact; by a name it holds "
            "port and user, because a name may lead elsewhere tomorrow"
        ),
    ]
    port: Annotated[int, Meta(ge=1, le=65535, description="Port there")]
    protocol: Annotated[Protocol, Meta(description="tcp or udp")] = Protocol.TCP
    note: Note = ""


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
    out: Annotated[
        tuple[Destination, ...],
        Meta(
            description="What may be reached from here, beside name servers, time servers and DHCP",
            max_length=200,
        ),
    ] = ()
    never_banned: Annotated[
        tuple[Prefix, ...],
        Meta(
            description="Networks that are never banned, beside gateways and trusted proxies",
            max_length=100,
        ),
    ] = ()
