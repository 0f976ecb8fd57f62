"""Rows counted and added up by the database: exactly, whatever their number.

Decimals are whole numbers times a power of ten, so their sum is one of whole numbers. A million of
eighteen digits do not fit in 64 bits: each is added up in two halves, which are put together here.
"""

import enum
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Annotated, Any, Final, NamedTuple

import msgspec
from msgspec import Meta
from sqlalchemy import ColumnElement, Select, case, func, or_, select

from app.core.errors import InvalidInput
from app.core.messages import mark
from app.services.tables.fields import FieldInfo
from app.services.tables.models import FieldKind
from app.services.tables.types.base import Around, Stored, Value
from app.services.tables.types.numbers import write_decimal
from app.services.tables.types.registry import is_many, show, type_of, words_of

NO_GROUPS: Final = mark("Rows cannot be put into groups by a field with many values.")
NO_NUMBER: Final = mark("Only numbers are added up.")
_HALF: Final = 10**9
FINER: Final = 2
"""Decimals that an average has more than its field."""


class How(enum.StrEnum):
    """What is told of the numbers in a field."""

    SUM = "sum"
    AVERAGE = "average"
    LEAST = "least"
    MOST = "most"


class Sum(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A figure over the rows of a group."""

    field: Annotated[int, Meta(description="Number of the field.", ge=1, le=2**31 - 1)]
    how: Annotated[How, Meta(description="What is told of its numbers.")] = How.SUM


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked for of the rows of a group."""

    field: Annotated[int, Meta(description="Number of the field.")]
    how: Annotated[How, Meta(description="What is told of its numbers.")]
    value: Annotated[Value, Meta(description="The figure; a text where it has decimals.")]
    words: Annotated[str, Meta(description="The same as people read it; empty: no number.")]


class Grouped(NamedTuple):
    """One group: what its rows have in common, how many they are, and the figures of them."""

    key: Stored
    rows: int
    totals: list[tuple[int, int, int, int, int]]
    """Of each field: filled rows, upper and lower half of the sum, least, most."""


def check_group(field: FieldInfo) -> None:
    """Raise InvalidInput where rows cannot be put into groups by a field."""
    if is_many(field):
        raise InvalidInput(field=field.name, reason=NO_GROUPS)


def check_sum(field: FieldInfo) -> None:
    """Raise InvalidInput where a field holds no numbers."""
    if not type_of(field).is_number:
        raise InvalidInput(field=field.name, reason=NO_NUMBER)


def statement(
    key: ColumnElement[Any],
    summed: Sequence[ColumnElement[Any]],
    where: ColumnElement[bool],
    only: Sequence[Stored] | None,
) -> Select[Any]:
    """Return what counts and adds up: groups without a value last."""
    figures: list[ColumnElement[Any]] = []
    for column in summed:
        upper, lower = column // _HALF, column % _HALF
        figures += [func.count(column), func.sum(upper), func.sum(lower)]
        figures += [func.min(column), func.max(column)]
    query = select(key.label("k"), func.count().label("n"), *figures).where(where)
    if only is not None:
        filled = [one for one in only if one is not None]
        some = key.in_(filled)
        query = query.where(or_(some, key.is_(None)) if None in only else some)
    return query.group_by(key).order_by(case((key.is_(None), 1), else_=0), key.asc())


def read(row: Sequence[Any]) -> Grouped:
    """Return a group of a row that `statement` found."""
    key, count, *rest = row
    found = [int(one or 0) for one in rest]
    totals = [found[place : place + 5] for place in range(0, len(found), 5)]
    return Grouped(key, int(count), [(one[0], one[1], one[2], one[3], one[4]) for one in totals])


def figures(
    group: Grouped, fields: Sequence[FieldInfo], sums: Sequence[Sum], around: Around
) -> list[Figure]:
    """Return the figures of a group; `fields` are those that were added up."""
    places = {field.id: place for place, field in enumerate(fields)}
    return [_figure(group, places[one.field], fields, one.how, around) for one in sums]


def _figure(
    group: Grouped, place: int, fields: Sequence[FieldInfo], how: How, around: Around
) -> Figure:
    field = fields[place]
    filled, upper, lower, least, most = group.totals[place]
    total = upper * _HALF + lower
    if not filled and how is not How.SUM:
        return Figure(field=field.id, how=how, value=None, words="")
    if how is How.AVERAGE:
        value, words = _average(field, Fraction(total, filled), around)
        return Figure(field=field.id, how=how, value=value, words=words)
    stored = {How.SUM: total, How.LEAST: least, How.MOST: most}[how]
    told: Callable[[Any], str] = words_of(field, around)
    return Figure(field=field.id, how=how, value=show(field, stored), words=told(stored))


def _average(field: FieldInfo, exact: Fraction, around: Around) -> tuple[Value, str]:
    """Return an average as programs and people get it, two decimals finer than the field."""
    if field.kind is FieldKind.DURATION:
        seconds = round(exact)
        return seconds, words_of(field, around)(seconds)
    kind = FieldKind.DECIMAL if field.kind is FieldKind.INTEGER else field.kind
    finer = msgspec.structs.replace(field, kind=kind, scale=field.scale + FINER)
    stored = round(exact * 10**FINER)
    return write_decimal(stored, finer.scale), words_of(finer, around)(stored)
