"""Who may reach what: lists of addresses, and the lists of each area (F2, V12)."""

import enum
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from appliance.contract.configuration.sections import (
    EVERYWHERE,
    ListName,
    Note,
    Prefix,
    Section,
)


class Area(enum.StrEnum):
    """What is opened or closed by itself."""

    CONSOLE = "console"
    SSH = "ssh"
    WORKSPACE = "workspace"
    PORTAL = "portal"
    KIOSK = "kiosk"
    API = "api"


class AddressList(Section, frozen=True, kw_only=True):
    """A list of networks under a name."""

    networks: Annotated[tuple[Prefix, ...], Meta(max_length=1000, description="Its networks")]
    note: Note = ""


PRIVATE_NAME: Final = "private"
PRIVATE: Final = AddressList(
    networks=("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", "fe80::/10"),
    note="Private networks (RFC 1918, RFC 4193) and the own link",
)


def _private() -> dict[str, AddressList]:
    return {PRIVATE_NAME: PRIVATE}


class Access(Section, frozen=True, kw_only=True):
    """Which networks reach which area. An area without a list is closed to the network."""

    lists: Annotated[
        dict[ListName, AddressList],
        Meta(
            description="Lists of addresses by name. Always there: `everywhere`, which holds all, "
            "and `private`, which may be defined anew",
            max_length=100,
        ),
    ] = msgspec.field(default_factory=_private)
    console: Annotated[
        tuple[ListName, ...], Meta(description="Lists that reach the console, port 8443")
    ] = ("private",)
    ssh: Annotated[
        tuple[ListName, ...],
        Meta(description="Lists that reach SSH while a maintenance window is open"),
    ] = ()
    workspace: Annotated[
        tuple[ListName, ...], Meta(description="Lists that reach the workspace of staff")
    ] = (EVERYWHERE,)
    portal: Annotated[
        tuple[ListName, ...], Meta(description="Lists that reach the customers' portal")
    ] = (EVERYWHERE,)
    kiosk: Annotated[
        tuple[ListName, ...], Meta(description="Lists that reach the visitors' kiosk")
    ] = (EVERYWHERE,)
    api: Annotated[
        tuple[ListName, ...],
        Meta(description="Lists that reach the REST API, where they reach its plane too"),
    ] = (EVERYWHERE,)
    trusted_proxies: Annotated[
        tuple[Prefix, ...],
        Meta(
            description="Proxies whose X-Forwarded-For is believed; of nobody else", max_length=50
        ),
    ] = ()

    def __post_init__(self) -> None:
        """Who defines a list must not lose the one that the defaults of the areas name."""
        self.lists.setdefault(PRIVATE_NAME, PRIVATE)

    def of(self, area: Area) -> tuple[str, ...]:
        """Return the names of the lists that reach an area."""
        found: tuple[str, ...] = getattr(self, area.value)
        return found
