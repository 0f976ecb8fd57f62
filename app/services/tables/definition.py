"""What a view says: columns, conditions, orders, groups, whose rows, colours."""

import enum
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from app.core.errors import InvalidInput
from app.core.messages import mark
from app.services.tables.grouping import Sum
from app.services.tables.physical import MOST_FIELDS
from app.services.tables.selection import (
    ALWAYS,
    MOST_SORTS,
    Conditions,
    Filter,
    Scope,
    Sort,
    check_size,
)

MOST_SUMS: Final = 10
MOST_COLOURS: Final = 10

FieldNumber = Annotated[int, Meta(ge=1, le=2**31 - 1)]


class Colour(enum.StrEnum):
    """Colours of rows: texts stay readable on each of them, in light and in dark."""

    RED = "red"
    YELLOW = "yellow"
    GREEN = "green"
    BLUE = "blue"
    GREY = "grey"


class ColourRule(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The colour of rows for which a condition holds; the first rule that does."""

    condition: Annotated[Filter, Meta(description="Which rows.")]
    colour: Annotated[Colour, Meta(description="Their colour.")]


class Definition(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a view says."""

    columns: Annotated[
        tuple[FieldNumber, ...],
        Meta(description="Fields in order; none: all of them.", max_length=MOST_FIELDS),
    ] = ()
    where: Annotated[Conditions, Meta(description="Which rows.")] = ALWAYS
    sorts: Annotated[tuple[Sort, ...], Meta(description="Their order.", max_length=MOST_SORTS)] = ()
    group: Annotated[
        int, Meta(description="Field that puts rows into groups; 0: none.", ge=0, le=2**31 - 1)
    ] = 0
    sums: Annotated[
        tuple[Sum, ...], Meta(description="Figures of each group.", max_length=MOST_SUMS)
    ] = ()
    scope: Annotated[
        Scope | None, Meta(description="Whose rows each reader sees; none: everybody's.")
    ] = None
    colours: Annotated[
        tuple[ColourRule, ...], Meta(description="Colours of rows.", max_length=MOST_COLOURS)
    ] = ()


PLAIN: Final = Definition()


def as_text(definition: Definition) -> str:
    """Return a definition as the catalogue keeps it. Raise InvalidInput where it is too much."""
    check_size(definition.where)
    if len(set(definition.columns)) != len(definition.columns):
        raise InvalidInput(field="columns", reason=mark("Name each column once."))
    return msgspec.json.encode(definition).decode()


def of_text(text: str) -> Definition:
    """Return what `as_text` wrote."""
    return msgspec.json.decode(text, type=Definition)
