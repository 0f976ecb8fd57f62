"""Which windows a list shows, and in what order. Pure."""

from collections.abc import Callable, Iterable
from typing import Any, Final

from appliance.contract.maintenance.state import ListWindows, Window, WindowOrder

Key = Callable[[Window], Any]


def _number(window: Window) -> int:
    return window.number


def _who(window: Window) -> str:
    return window.who.casefold()


def _level(window: Window) -> str:
    return window.level.value


def _until(window: Window) -> int:
    return window.ended_at or window.until


ORDERS: Final[dict[WindowOrder, tuple[Key, bool]]] = {
    WindowOrder.newest: (_number, True),
    WindowOrder.oldest: (_number, False),
    WindowOrder.who: (_who, False),
    WindowOrder.who_down: (_who, True),
    WindowOrder.level: (_level, False),
    WindowOrder.level_down: (_level, True),
    WindowOrder.until: (_until, False),
    WindowOrder.until_down: (_until, True),
}
"""What the list is ordered by, and whether downward."""


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
    found.sort(key=_number, reverse=True)
    key, downward = ORDERS[wanted.order]
    found.sort(key=key, reverse=downward)
    return found


def _text_of(window: Window) -> str:
    return " ".join(
        (str(window.number), window.who, window.why, *window.networks, window.fingerprint)
    ).casefold()
