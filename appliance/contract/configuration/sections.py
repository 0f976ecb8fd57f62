"""What every section of the document shares: its base, and the kinds of values in it."""

from typing import Annotated, Final

import msgspec
from msgspec import Meta

EVERYWHERE: Final = "everywhere"
"""The list of addresses that holds all of them; nobody defines it."""
NAME: Final = r"^[a-z][a-z0-9-]{0,31}$(?!\n)"

Prefix = Annotated[
    str,
    Meta(
        max_length=49,
        description="Network or address",
        examples=["192.0.2.0/24", "2001:db8::/32", "198.51.100.7"],
    ),
]
Address = Annotated[
    str, Meta(max_length=45, description="IP address", examples=["192.0.2.1", "2001:db8::1"])
]
ListName = Annotated[
    str, Meta(pattern=NAME, description="Name of a list of addresses", examples=["office"])
]
Host = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9]([A-Za-z0-9.:-]{0,252}[A-Za-z0-9])?$(?!\n)",
        description="Host name or IP address",
        examples=["ntp1.example.co.jp", "192.0.2.1"],
    ),
]
Port = Annotated[int, Meta(ge=1, le=65535, description="TCP port")]
Note = Annotated[
    str,
    Meta(
        pattern=r"^[^\x00-\x1f\x7f]{0,200}$(?!\n)",
        description="For people; has no effect",
        examples=["Second floor"],
    ),
]


class Section(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """A table of the document. A key that it does not know is refused, never ignored."""
