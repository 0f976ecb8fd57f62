"""Which rows, in which order: one concept for list, export and whatever comes later."""

import enum
from collections.abc import Iterator
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from app.core.errors import InvalidInput
from app.core.messages import mark

BY_NUMBER: Final = 0
"""Sorting by no field: in the order in which the rows came."""
BY_MAKER: Final = 0
"""Row scope of no field: by who made the record."""
MOST_CONDITIONS: Final = 50
"""Conditions in one tree, over all its groups."""
DEEPEST: Final = 3
"""Groups within groups."""
MOST_SORTS: Final = 5
MOST_ANY_OF: Final = 100
"""Values that one condition offers to choose from."""
MOST_DAYS: Final = 3_660


class Comparison(enum.StrEnum):
    """How a field is compared. In the order in which forms offer them."""

    CONTAINS = "contains"
    """Like the search, inside one field."""
    BEGINS = "begins"
    EQUALS = "equals"
    NOT_EQUALS = "not_equals"
    """Empty ones too: they are not the value."""
    ANY_OF = "any_of"
    HAS = "has"
    """Among the values of a field that has many."""
    WITHIN = "within"
    """In a span of days that moves with the calendar: today, this week, the last 30 days."""
    MINE = "mine"
    """The reader, or a group of the reader's."""
    FROM = "from"
    """At least."""
    TO = "to"
    """At most."""
    ABOVE = "above"
    BELOW = "below"
    BETWEEN = "between"
    """From the value to the second one, both included."""
    EMPTY = "empty"
    FILLED = "filled"


class Join(enum.StrEnum):
    """Whether all conditions of a group hold, or any of them."""

    ALL = "all"
    ANY = "any"


class Filter(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One condition on one field."""

    field: Annotated[int, Meta(description="Number of the field.", ge=1, le=2**31 - 1)]
    test: Annotated[Comparison, Meta(description="How it is compared.")]
    value: Annotated[
        str,
        Meta(
            description="What it is compared with, as people write it; of `within` the span.",
            max_length=1000,
        ),
    ] = ""
    second: Annotated[
        str, Meta(description="End of `between`; days of a span of some.", max_length=1000)
    ] = ""
    values: Annotated[
        tuple[Annotated[str, Meta(max_length=1000)], ...],
        Meta(description="What `any_of` offers.", max_length=MOST_ANY_OF),
    ] = ()


class Conditions(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A group of conditions, with groups inside. A group of nothing holds always."""

    join: Annotated[Join, Meta(description="Whether all hold, or any.")] = Join.ALL
    filters: Annotated[
        tuple[Filter, ...],
        Meta(description="Conditions on fields.", max_length=MOST_CONDITIONS),
    ] = ()
    groups: Annotated[
        tuple["Conditions", ...],
        Meta(description="Groups inside this one, three deep at most.", max_length=10),
    ] = ()

    def __bool__(self) -> bool:
        """Tell whether there is a condition at all."""
        return any(True for _ in self.every())

    def every(self) -> Iterator[Filter]:
        """Yield every condition of the tree."""
        for level in self.levels():
            for group in level:
                yield from group.filters

    def levels(self) -> Iterator[list["Conditions"]]:
        """Yield the groups level by level, this one first."""
        level = [self]  # not by recursion: what a program sends may be as deep as it likes
        while level:
            yield level
            level = [inner for group in level for inner in group.groups]


ALWAYS: Final = Conditions()


class Sort(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An order of rows. Rows without a value come last, in both directions."""

    field: Annotated[
        int, Meta(description="Number of the field; 0: as they came.", ge=0, le=2**31 - 1)
    ] = BY_NUMBER
    descending: Annotated[bool, Meta(description="The largest first.")] = False


class Owned(enum.StrEnum):
    """Whose rows a reader sees."""

    OWN = "own"
    """Those of the reader."""
    GROUP = "group"
    """Those of the reader's groups and of everybody in them."""


class Scope(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Rows by whom they belong to: each reader sees other ones."""

    owned: Annotated[Owned, Meta(description="Whose rows.")]
    field: Annotated[
        int,
        Meta(
            description="Field of a person or a group that tells; 0: who made the record.",
            ge=0,
            le=2**31 - 1,
        ),
    ] = BY_MAKER


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """Rows that a person chose."""

    search: str = ""
    """Text that stands anywhere in the row."""
    where: Conditions = ALWAYS
    sorts: tuple[Sort, ...] = ()
    scope: Scope | None = None
    nothing: bool = False
    """No row at all: what says which rows does not hold any more."""

    def __post_init__(self) -> None:
        """Refuse what is too much, whoever asks. Raise InvalidInput."""
        check_size(self.where)

    @property
    def is_narrow(self) -> bool:
        """Tell whether some rows are left out."""
        return bool(self.search.strip()) or self.has_conditions

    @property
    def has_conditions(self) -> bool:
        """Tell whether rows are left out by more than a search."""
        return bool(self.where) or self.scope is not None or self.nothing


def check_size(where: Conditions, place: str = "where") -> None:
    """Raise InvalidInput where a tree is too deep or holds too many conditions."""
    if sum(1 for _ in where.levels()) > DEEPEST:
        reason = mark("Groups lie in groups three deep at most.")
        raise InvalidInput(field=place, reason=reason)
    if sum(1 for _ in where.every()) > MOST_CONDITIONS:
        raise InvalidInput(field=place, reason=mark("These are more than 50 conditions."))


def tidy(sorts: tuple[Sort, ...]) -> tuple[Sort, ...]:
    """Return the orders that make a difference: each field once, nothing behind the number."""
    kept: dict[int, Sort] = {}
    for sort in sorts:
        kept.setdefault(sort.field, sort)
        if sort.field == BY_NUMBER:
            break
    return tuple(kept.values())
