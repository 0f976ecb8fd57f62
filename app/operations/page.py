"""A page of a list: keyset, never OFFSET, so that the millionth row costs what the first costs."""

from typing import Generic, TypeVar

import msgspec

Item = TypeVar("Item")


class Page(msgspec.Struct, Generic[Item], frozen=True, kw_only=True):
    """Some rows of a list, and where it goes on."""

    items: list[Item]
    """The rows, in the order that was asked for."""
    after: str = ""
    """Give this back to get the next rows; empty at the end."""
    total: int | None = None
    """Number of all rows that fit; None where it was not counted."""
