"""The seed as a whole: what the network needs in plain keys, and any part of `appliance.toml`.

No password, no claim code and no private key has a place here: whoever may look at a machine's
disks reads a seed, and a seed stays where it was attached. The claim code is on the screen.
"""

from typing import Annotated, Final

from msgspec import Meta

from appliance.contract.configuration.document import Document
from appliance.contract.configuration.sections import Address, Host, Section

FORMAT: Final = 1
LABEL: Final = "TENSHU-SEED"
"""Of the disk that brings a seed; as long as a label of FAT may be."""
FILE: Final = "tenshu-seed.toml"
DHCP: Final = "dhcp"
LARGEST: Final = 64 * 1024
"""Bytes of a seed."""


class Seed(Section, frozen=True, kw_only=True):
    """What a machine is told before its first start. It is read once."""

    format: Annotated[int, Meta(ge=1, le=FORMAT, description="Version of this form")] = FORMAT
    hostname: Annotated[
        str,
        Meta(
            pattern=r"^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*)?$(?!\n)",
            max_length=253,
            description="Name of the machine; with its domain it is also the name by which people "
            "reach it",
            examples=["tenshu", "tenshu.example.co.jp"],
        ),
    ] = ""
    address: Annotated[
        str,
        Meta(
            max_length=49,
            description="Own address with the prefix length of its network, or `dhcp`",
            examples=["192.0.2.10/24", "2001:db8::10/64", DHCP],
        ),
    ] = DHCP
    gateway: Annotated[
        str, Meta(max_length=45, description="Default router", examples=["192.0.2.1"])
    ] = ""
    interface: Annotated[
        str,
        Meta(
            pattern=r"^([a-z][a-z0-9._-]{0,14})?$(?!\n)",
            description="Interface that has the address, as the kernel names it; left out: the "
            "first one by name",
            examples=["enp1s0"],
        ),
    ] = ""
    dns: Annotated[
        tuple[Address, ...], Meta(description="Name servers, tried in this order", max_length=3)
    ] = ()
    ntp: Annotated[tuple[Host, ...], Meta(description="Time servers", max_length=8)] = ()
    appliance: Annotated[
        Document, Meta(description="Any part of `appliance.toml`: access, names, VLANs, roots")
    ] = Document()
