"""Which windows a list shows, and in what order. Pure."""

from collections.abc import Callable, Iterable
from typing import Any, Final

from appliance.contract.maintenance.state import ListWindows, Window

KEYS: Final[dict[str, Callable[[Window], Any]]] = {
    "number": lambda one: one.number,
    "who": lambda one: one.who.casefold(),
    "level": lambda one: one.level.value,
    "until": lambda one: one.ended_at or one.until,
}
"""What the list is ordered by, as the order names it."""


def choose(windows: Iterable[Window], wanted: ListWindows) -> list[Window]:
    """Return the windows that are asked for, in the order that is; what is equal newest first."""
    words = wanted.text.casefold().split()
    found = [
        one
        for one in windows
        if (wanted.state is None or one.ended is wanted.state)
        and (wanted.level is None or one.level is wanted.level)
        and all(word in _text_of(one) for word in words)
    ]
    found.sort(key=KEYS["number"], reverse=True)
    order = wanted.order.value
    found.sort(key=KEYS[order.removeprefix("-")], reverse=order.startswith("-"))
    return found


def _text_of(window: Window) -> str:
    return " ".join(
        (str(window.number), window.who, window.why, *window.networks, window.fingerprint)
    ).casefold()
