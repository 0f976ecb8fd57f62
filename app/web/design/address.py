"""Addresses that keep the state of a list: search, filter, sort, place.

A link shows the same to whoever opens it, so every control of a list changes the address and
nothing else.
"""

from typing import Any, get_args
from urllib.parse import parse_qsl, urlencode, urlsplit


def change_query(path: str, **changes: str | int | None) -> str:
    """Return `path` with parameters of its query replaced; None or "" removes one.

    What is not named stays as it is.
    """
    parts = urlsplit(path)
    kept = [(name, value) for name, value in parse_qsl(parts.query) if name not in changes]
    kept += [(name, str(value)) for name, value in changes.items() if value not in (None, "")]
    query = urlencode(kept)
    return f"{parts.path}?{query}" if query else parts.path


def next_sort(current: str, key: str) -> str:
    """Return the sort that a click on the column `key` asks for: up first, then down.

    A sort is a column's key, with `-` in front for downward.
    """
    return f"-{key}" if current == key else key


def one_of(wanted: str, allowed: Any) -> Any:  # noqa: ANN401 - a Literal, and one of its texts
    """Return `wanted` if it is one of a Literal's texts, else the first: an address may be old."""
    texts = get_args(allowed)
    return wanted if wanted in texts else texts[0]


def is_inside(path: str, area: str) -> bool:
    """Return whether `path` is the page `area` or lies beneath it; `/` is only itself."""
    here = urlsplit(path).path
    return here == area or (area != "/" and here.startswith(f"{area}/"))
