"""What the packet filter has counted over all its lives: totals, and drops by the hour. Pure.

The kernel counts from nothing whenever the machine starts. At each look what has come since the
look before is entered here, so that a total goes on over restarts of agent and machine.
"""

from collections.abc import Mapping
from typing import Final

import msgspec

HOUR: Final = 3_600_000
HOURS: Final = 7 * 24
"""How far back drops are kept by the hour."""
FORGOTTEN_AFTER: Final = 400 * 24 * HOUR
"""A way out that was not used for so long leaves the ledger."""


class Amount(msgspec.Struct, frozen=True, kw_only=True):
    """What was counted under one name."""

    packets: int = 0
    bytes: int = 0
    at: int = 0
    """When it was counted last (ms), where the kernel tells; 0 where it does not."""


NOTHING: Final = Amount()
Amounts = Mapping[str, Amount]


class Ledger(msgspec.Struct, frozen=True, kw_only=True):
    """The book as it stands on disk."""

    since: int
    """When it was begun (ms)."""
    boot: str
    """Of the kernel's run whose counts `seen` are."""
    seen: dict[str, Amount]
    """The kernel's own counts at the last look."""
    totals: dict[str, Amount]
    hours: dict[int, dict[str, int]]
    """Beginning of an hour (ms) → counter → packets in it."""


def begun(found: Amounts, boot: str, at: int) -> Ledger:
    """Return a new ledger. When what is counted already came about, nobody knows: in no hour."""
    return Ledger(since=at, boot=boot, seen=dict(found), totals=dict(found), hours={})


def entered(ledger: Ledger, found: Amounts, boot: str, at: int, by_hour: frozenset[str]) -> Ledger:
    """Return the ledger with what the kernel has counted since the last look.

    `by_hour` names the counters that are kept by the hour too.
    """
    before = ledger.seen if boot == ledger.boot else {}
    new = {name: _since(before.get(name, NOTHING), one) for name, one in found.items()}
    totals = ledger.totals | {
        name: _sum(ledger.totals.get(name, NOTHING), more) for name, more in new.items()
    }
    dropped = {name: one.packets for name, one in new.items() if one.packets and name in by_hour}
    return msgspec.structs.replace(
        ledger,
        boot=boot,
        seen=dict(found),
        totals={name: one for name, one in totals.items() if _is_kept(one, at)},
        hours=_with_hour(ledger.hours, at - at % HOUR, dropped),
    )


def _since(before: Amount, now: Amount) -> Amount:
    """Return what was added; all of it where the kernel has begun anew."""
    if now.packets < before.packets or now.bytes < before.bytes:
        return now
    return Amount(packets=now.packets - before.packets, bytes=now.bytes - before.bytes, at=now.at)


def _sum(total: Amount, more: Amount) -> Amount:
    return Amount(
        packets=total.packets + more.packets,
        bytes=total.bytes + more.bytes,
        at=max(total.at, more.at),
    )


def _is_kept(one: Amount, at: int) -> bool:
    return not one.at or at - one.at < FORGOTTEN_AFTER


def _with_hour(
    hours: Mapping[int, dict[str, int]], hour: int, dropped: Mapping[str, int]
) -> dict[int, dict[str, int]]:
    """Return the hours that are kept; a clock that was put back leaves none in the future."""
    found = {one: told for one, told in hours.items() if hour - HOURS * HOUR < one <= hour}
    if dropped:
        already = found.get(hour, {})
        found[hour] = already | {name: already.get(name, 0) + n for name, n in dropped.items()}
    return found
