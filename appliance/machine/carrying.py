"""What the packet filter has counted goes over to the rules that replace it.

The table is replaced whole, in one step. Without this every apply would lift every ban and set
every count back to nothing; what a connection's limits need (`rate`, `held`) begins anew.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from appliance.machine.kernel_sets import Counter, Element, adding

Elements = tuple[Element, ...]
KEPT: Final = ("banned", "seen_", "used_")
UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_COUNTER: Final = re.compile(r"^\tcounter (\w+) \{ \}$", re.MULTILINE)
_SET: Final = re.compile(
    r"^\tset (\w+) \{$(?:\n\t\t.*)*?\n\t\ttimeout (\d+)([smhd])$", re.MULTILINE
)


def carried(rules: str, counted: Iterable[Counter], now: Callable[[str], Elements]) -> str:
    """Return new rules with what those in the kernel have: its counters, and its sets by name."""
    by_name = {one.name: one for one in counted}

    def told(found: re.Match[str]) -> str:
        one = by_name.get(found[1])
        kept = f"packets {one.packets} bytes {one.bytes} " if one else ""
        return f"\tcounter {found[1]} {{ {kept}}}"

    return "\n".join([_COUNTER.sub(told, rules), *_elements(rules, now), ""])


def _elements(rules: str, now: Callable[[str], Elements]) -> Iterator[str]:
    for name, number, unit in _SET.findall(rules):
        if name.startswith(KEPT) and (found := now(name)):
            yield adding(name, found, int(number) * UNITS[unit])
