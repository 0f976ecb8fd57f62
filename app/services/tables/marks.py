"""Where a page of a list ends or begins: what its last row holds in the fields that sort."""

import base64
import binascii
from collections.abc import Sequence
from typing import Final

import msgspec

from app.core.errors import InvalidInput
from app.core.messages import mark
from app.services.tables.selection import Sort
from app.services.tables.types.base import Stored

LONGEST: Final = 200
"""Characters of a text that a mark holds."""


class Mark(msgspec.Struct, frozen=True, array_like=True):
    """A row's number and sort values, and the orders they belong to."""

    orders: tuple[tuple[int, bool], ...]
    values: tuple[Stored, ...]
    """None at all where one of them is too long for an address: they are looked up by the row."""
    row: int

    def encode(self) -> str:
        """Return the mark as a text for addresses."""
        return base64.urlsafe_b64encode(msgspec.json.encode(self)).decode().rstrip("=")


def mark_at(sorts: Sequence[Sort], values: Sequence[Stored], row: int) -> str:
    """Return the mark of a row as a text for addresses."""
    is_long = any(isinstance(value, str) and len(value) > LONGEST for value in values)
    return Mark(orders_of(sorts), () if is_long else tuple(values), row).encode()


def orders_of(sorts: Sequence[Sort]) -> tuple[tuple[int, bool], ...]:
    """Return orders as marks tell them apart."""
    return tuple((sort.field, sort.descending) for sort in sorts)


def read_mark(text: str, sorts: Sequence[Sort], texts: Sequence[bool]) -> Mark:
    """Return the mark that a page handed out. Raise InvalidInput if it is not one of these sorts.

    `texts` tells of each field that sorts whether it is stored as text.
    """
    try:
        padded = text + "=" * (-len(text) % 4)
        found = msgspec.json.decode(base64.urlsafe_b64decode(padded), type=Mark)
    except (binascii.Error, msgspec.DecodeError, ValueError) as error:
        raise InvalidInput(field="after", reason=mark("This is no mark of a page.")) from error
    fits = found.orders == orders_of(sorts) and len(found.values) in (0, len(texts))
    typed = all(
        value is None or isinstance(value, str) is of_text
        for value, of_text in zip(found.values, texts, strict=False)
    )
    if not (fits and typed and abs(found.row) < 2**63 and all(map(_bounded, found.values))):
        raise InvalidInput(field="after", reason=mark("The page belongs to another order."))
    return found


def _bounded(value: Stored) -> bool:
    return not isinstance(value, int) or abs(value) < 2**63
