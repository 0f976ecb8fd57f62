"""Which rows, in which order: one concept for list, export and whatever comes later."""

import base64
import binascii
import enum
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from app.core.errors import InvalidInput
from app.core.messages import mark
from app.services.tables.types.base import Stored

BY_NUMBER: Final = 0
"""Sorting by no field: in the order in which the rows came."""


class Comparison(enum.StrEnum):
    """How a field is compared."""

    EQUALS = "equals"
    CONTAINS = "contains"
    """Like the search, inside one field."""
    HAS = "has"
    """Among the values of a field that has many."""
    FROM = "from"
    """At least; two filters, `from` and `to`, make a range."""
    TO = "to"
    """At most."""
    EMPTY = "empty"
    FILLED = "filled"


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """One condition on one field."""

    field: Annotated[int, Meta(description="Number of the field.", ge=1)]
    test: Annotated[Comparison, Meta(description="How it is compared.")]
    value: Annotated[
        str, Meta(description="What it is compared with, as people write it.", max_length=1000)
    ] = ""


class Sort(msgspec.Struct, frozen=True, kw_only=True):
    """The order of rows. Rows without a value come last, in both directions."""

    field: Annotated[int, Meta(description="Number of the field; 0: as they came.", ge=0)] = (
        BY_NUMBER
    )
    descending: Annotated[bool, Meta(description="The largest first.")] = False


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """Rows that a person chose."""

    search: Annotated[
        str, Meta(description="Text that stands anywhere in the row.", max_length=200)
    ] = ""
    filters: Annotated[
        tuple[Filter, ...], Meta(description="Conditions that all hold.", max_length=20)
    ] = ()
    sort: Annotated[Sort, Meta(description="The order.")] = Sort()


class Mark(msgspec.Struct, frozen=True, array_like=True):
    """Where a page ends or begins: the row's sort value and number, and the sort it belongs to."""

    field: int
    descending: bool
    value: Stored
    row: int

    def encode(self) -> str:
        """Return the mark as a text for addresses."""
        return base64.urlsafe_b64encode(msgspec.json.encode(self)).decode().rstrip("=")


def read_mark(text: str, sort: Sort, *, of_text: bool) -> Mark:
    """Return the mark that a page handed out. Raise InvalidInput if it is not one of this sort.

    `of_text` tells whether the sort's field is stored as text.
    """
    try:
        padded = text + "=" * (-len(text) % 4)
        found = msgspec.json.decode(base64.urlsafe_b64decode(padded), type=Mark)
    except (binascii.Error, msgspec.DecodeError, ValueError) as error:
        raise InvalidInput(field="after", reason=mark("This is no mark of a page.")) from error
    fits = (found.field, found.descending) == (sort.field, sort.descending)
    typed = found.value is None or isinstance(found.value, str) is of_text
    if not (fits and typed and abs(found.row) < 2**63 and _bounded(found.value)):
        raise InvalidInput(field="after", reason=mark("The page belongs to another order."))
    return found


def _bounded(value: Stored) -> bool:
    return not isinstance(value, int) or abs(value) < 2**63
