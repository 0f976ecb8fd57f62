"""What the packet filter counts: drops, bans, what leaves the machine."""

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from appliance.contract.actions import Request
from appliance.contract.configuration.sections import Prefix

Milliseconds = Annotated[int, Meta(description="Milliseconds since 1970")]
Packets = Annotated[int, Meta(description="Packets")]
Bytes = Annotated[int, Meta(description="Bytes")]
DROPS: Final = 2000
"""Drops that one answer holds at most: far below 1 MiB."""


class Count(msgspec.Struct, frozen=True, kw_only=True):
    """How often one of the filter's rules has held, over all restarts."""

    name: Annotated[str, Meta(description="Name of the counter in the rules")]
    packets: Packets
    bytes: Bytes


class Drop(msgspec.Struct, frozen=True, kw_only=True):
    """Packets from one source to one port that were dropped, within the last hour."""

    why: Annotated[str, Meta(description="console, ssh, service, crowded, refused or out")]
    source: Annotated[str, Meta(description="Address it came from; of what goes out, the user")]
    destination: Annotated[str, Meta(description="Address it went to")]
    protocol: Annotated[str, Meta(description="tcp or udp")]
    port: Annotated[int, Meta(description="Port it went to")]
    packets: Packets
    at: Annotated[Milliseconds, Meta(description="When it happened last")]


class Ban(msgspec.Struct, frozen=True, kw_only=True):
    """A source that nothing is taken of for a while."""

    network: Annotated[str, Meta(description="Its address; of IPv6 the /64 that it lies in")]
    packets: Annotated[int, Meta(description="Packets that were dropped since")]
    until: Annotated[Milliseconds, Meta(description="When it ends by itself")]


class Hour(msgspec.Struct, frozen=True, kw_only=True):
    """What was dropped within one hour."""

    at: Annotated[Milliseconds, Meta(description="When the hour began")]
    packets: Annotated[dict[str, int], Meta(description="Packets, by counter; none: none")]


class Traffic(msgspec.Struct, frozen=True, kw_only=True):
    """What the packet filter has dropped, and who is banned."""

    counts: Annotated[tuple[Count, ...], Meta(description="By counter")]
    drops: Annotated[tuple[Drop, ...], Meta(description="Newest first")]
    bans: Annotated[tuple[Ban, ...], Meta(description="Those that end last first")]
    full: Annotated[
        tuple[str, ...],
        Meta(description="Reasons whose list has no room: what is new is only counted"),
    ] = ()
    hours: Annotated[
        tuple[Hour, ...],
        Meta(description="Hours of the last seven days in which something was dropped, by time"),
    ] = ()
    since: Annotated[Milliseconds, Meta(description="When the counts began")] = 0


class LiftBan(Request, frozen=True, kw_only=True):
    """Let a banned source in again."""

    network: Annotated[Prefix, Meta(description="As it stands in the list of bans")]
