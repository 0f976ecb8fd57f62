"""Interfaces, what they are for, and the way out (METI-42)."""

import enum
from typing import Annotated

from msgspec import Meta

from appliance.contract.configuration.sections import Address, Host, Note, Prefix, Section

InterfaceName = Annotated[
    str,
    Meta(
        pattern=r"^[a-z][a-z0-9._-]{0,14}$(?!\n)",
        description="Name of an interface, as the kernel has it (15 characters at most)",
        examples=["enp1s0", "bond0", "vlan20"],
    ),
]


class Zone(enum.StrEnum):
    """What an interface is for; the firewall opens on it what belongs there."""

    SERVICE = "service"
    MANAGEMENT = "management"
    BACKUP = "backup"


class Vlan(Section, frozen=True, kw_only=True):
    """An interface for the packets of one VLAN tag (IEEE 802.1Q)."""

    name: InterfaceName
    parent: Annotated[InterfaceName, Meta(description="Interface that carries it")]
    tag: Annotated[int, Meta(ge=1, le=4094, description="VLAN tag")]


class BondMode(enum.StrEnum):
    """How a bond uses its members."""

    ACTIVE_BACKUP = "active-backup"
    LACP = "802.3ad"


class Bond(Section, frozen=True, kw_only=True):
    """Several cables as one interface: one may be pulled (S4)."""

    name: InterfaceName
    members: Annotated[
        tuple[InterfaceName, ...],
        Meta(description="Interfaces in it, the preferred one first", min_length=1, max_length=8),
    ]
    mode: Annotated[
        BondMode, Meta(description="active-backup needs nothing of the switch; 802.3ad is LACP")
    ] = BondMode.ACTIVE_BACKUP


class Route(Section, frozen=True, kw_only=True):
    """A static route."""

    to: Annotated[Prefix, Meta(description="Network that it leads to")]
    via: Annotated[Address, Meta(description="Router of a network that the interface is in")]


class Interface(Section, frozen=True, kw_only=True):
    """An interface with its addresses."""

    name: InterfaceName
    zones: Annotated[tuple[Zone, ...], Meta(description="What it is for", min_length=1)]
    dhcp: Annotated[bool, Meta(description="Ask a DHCP server for addresses")] = False
    addresses: Annotated[
        tuple[Prefix, ...],
        Meta(
            description="Own addresses, with the prefix length of their network",
            max_length=64,
            examples=[["192.0.2.10/24", "2001:db8::10/64"]],
        ),
    ] = ()
    gateways: Annotated[
        tuple[Address, ...],
        Meta(
            description="Default routers, one of each family at most. Of several interfaces that "
            "have one, the first whose cable carries is used",
            max_length=2,
        ),
    ] = ()
    routes: Annotated[tuple[Route, ...], Meta(description="Static routes", max_length=200)] = ()
    mtu: Annotated[int, Meta(ge=1280, le=9216, description="Largest packet in bytes")] = 1500
    note: Note = ""


Unproxied = Annotated[
    str, Meta(max_length=253, description="Name, domain with a dot before it, or network")
]


class Proxy(Section, frozen=True, kw_only=True):
    """The proxy that everything uses that goes out over HTTP."""

    address: Annotated[
        str,
        Meta(
            pattern=r"^(https?://(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]{1,253})(:[0-9]{1,5})?)?$(?!\n)",
            description="Its address; empty for none. Its sign-in is kept apart, as a secret",
            examples=["http://proxy.example.co.jp:8080"],
        ),
    ] = ""
    exceptions: Annotated[
        tuple[Unproxied, ...],
        Meta(
            description="Names and networks reached without it",
            max_length=100,
            examples=[[".example.co.jp", "10.0.0.0/8"]],
        ),
    ] = ()


class Network(Section, frozen=True, kw_only=True):
    """Names, interfaces and routes. Without an interface the machine's own settings stand."""

    hostname: Annotated[
        str,
        Meta(
            pattern=r"^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)?$(?!\n)",
            description="Name of the machine, without its domain; empty leaves it as it is",
            examples=["tenshu"],
        ),
    ] = ""
    search_domains: Annotated[
        tuple[Host, ...],
        Meta(
            description="Domains in which short names are looked for",
            max_length=6,
            examples=[["example.co.jp"]],
        ),
    ] = ()
    dns: Annotated[
        tuple[Address, ...], Meta(description="Name servers, tried in this order", max_length=3)
    ] = ()
    interfaces: Annotated[
        tuple[Interface, ...], Meta(description="Interfaces with addresses", max_length=32)
    ] = ()
    vlans: Annotated[tuple[Vlan, ...], Meta(description="VLAN interfaces", max_length=64)] = ()
    bonds: Annotated[tuple[Bond, ...], Meta(description="Bonds", max_length=8)] = ()
    proxy: Annotated[Proxy, Meta(description="The way out over HTTP")] = Proxy()
