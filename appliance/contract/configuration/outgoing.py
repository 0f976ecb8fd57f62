"""What leaves the machine: what its functions need, and what the packet filter lets out."""

import enum
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from appliance.contract.actions import Request
from appliance.contract.configuration.firewall import Protocol, Purpose
from appliance.contract.configuration.traffic import Bytes, Drop, Milliseconds

MOST: Final = 200
"""Destinations that the functions of one appliance need at most."""


class Needed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something that a function of the appliance reaches, as an administrator has set it up."""

    purpose: Annotated[Purpose, Meta(description="What it is reached for")]
    host: Annotated[
        str,
        Meta(
            pattern=r"^[A-Za-z0-9._:-]{1,253}$(?!\n)",
            description="Address or name. By a name the filter holds port and user only",
        ),
    ]
    port: Annotated[int, Meta(ge=1, le=65535, description="Port there")]
    protocol: Annotated[Protocol, Meta(description="tcp or udp")] = Protocol.TCP


class Destinations(Request, frozen=True, kw_only=True):
    """What the functions of the appliance need, all of it."""

    needed: Annotated[
        tuple[Needed, ...], Meta(max_length=MOST, description="Whatever is not here is closed")
    ] = ()


class Origin(enum.StrEnum):
    """Who says that something is reached."""

    settings = "settings"
    """A function of the appliance that somebody has set up."""
    document = "document"
    """The machine's document."""
    machine = "machine"
    """The machine as it is found: a mounted share, name servers of its own."""


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that may leave."""

    purpose: Annotated[
        str, Meta(description="A purpose of the document, dns, time, dhcp, proxy or keys")
    ]
    host: Annotated[str, Meta(description="Address or name; empty where it is any")]
    port: Annotated[int, Meta(description="Port there")]
    protocol: Annotated[str, Meta(description="tcp, udp, or both")]
    users: Annotated[
        tuple[str, ...], Meta(description="Whose processes may; empty for those of everybody")
    ]
    origin: Annotated[Origin, Meta(description="Who says that it is reached")]
    sent: Annotated[Bytes, Meta(description="Bytes that went out")] = 0
    received: Annotated[Bytes, Meta(description="Bytes that came back")] = 0
    used_at: Annotated[
        Milliseconds | None, Meta(description="When something went last; none for never")
    ] = None


class Outgoing(msgspec.Struct, frozen=True, kw_only=True):
    """All that may leave, and what was kept from leaving."""

    ways: Annotated[tuple[Way, ...], Meta(description="In the order of the rules")]
    drops: Annotated[tuple[Drop, ...], Meta(description="Newest first, within the last hour")]
    dropped: Annotated[int, Meta(description="Packets that were kept from leaving")]
    since: Annotated[Milliseconds, Meta(description="When the counts began")] = 0
