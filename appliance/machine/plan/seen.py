"""What was dropped last, kept by the kernel itself: no daemon has to run, and memory has a bound.

Each reason has a list of its own, so that a scan of every port fills one and pushes nothing out of
the others. A list holds who, to where, by which protocol and port, how often, and for how long yet:
from that follows when it happened last.
"""

from collections.abc import Iterator
from typing import Final

SEEN: Final = ("console", "ssh", "service", "crowded", "refused", "out")
"""Why a packet is dropped."""
SEEN_SIZE: Final = 1024
"""Entries of a list. Beyond it what is new is only counted, until an entry's hour is over."""
SEEN_SECONDS: Final = 3600
"""How long a drop stays in its list after it happened last."""


def seen(why: str) -> Iterator[str]:
    """Yield the rules that note a packet before it is dropped."""
    for family, word in (("4", "ip"), ("6", "ip6")):
        who = "meta skuid" if why == "out" else f"{word} saddr"
        what = f"{who} . {word} daddr . meta l4proto . th dport counter"
        yield f"meta l4proto {{ tcp, udp }} update @seen_{why}{family} {{ {what} }}"
