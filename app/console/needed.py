"""One thing that needs somebody, as the overview shows it."""

from typing import Any

import msgspec


class Attention(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that needs somebody."""

    kind: str
    """`warning` or `danger`."""
    title: str
    text: str
    href: str
    action: str
    parameters: dict[str, Any] = {}
    told_whole: bool = False
    """Whether the machine's own screen shows its text, too: what to do before anybody signs in."""
