"""Rows as a file of another kind than CSV: a workbook with typed cells, or JSON Lines."""

import datetime as dt
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from app.files.xlsx_writing import (
    LENGTH,
    LONGEST_NUMBER,
    MONEY,
    PERCENT,
    PLAIN,
    Number,
    day,
    moment,
    xlsx_chunks,
)
from app.services.tables.fields import FieldInfo
from app.services.tables.models import FieldKind
from app.services.tables.types.base import Around
from app.services.tables.types.numbers import write_decimal
from app.services.tables.types.registry import shower_of, writer_of

MOMENTS = frozenset({FieldKind.DATE_TIME, FieldKind.CREATED_AT, FieldKind.UPDATED_AT})
STYLES = {FieldKind.MONEY: MONEY, FieldKind.PERCENT: PERCENT}


def json_chunks(
    fields: Sequence[FieldInfo], parts: Iterable[list[Any]], around: Around
) -> Iterator[bytes]:
    """Return an object a line, its values as the API gives them; UTF-8 without a mark.

    People, groups and links are told by name, as an import reads them: a file leaves the appliance.
    """
    names = [field.name for field in fields]
    showers = [_shower(field, around) for field in fields]
    encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
    for part in parts:
        lines = [
            encode(
                {
                    name: value if value is None or show is None else show(value)
                    for name, show, value in zip(names, showers, row, strict=True)
                }
            )
            for row in part
        ]
        yield ("\n".join(lines) + "\n").encode("utf-8", "backslashreplace") if lines else b""


def _shower(field: FieldInfo, around: Around) -> Callable[[Any], Any] | None:
    named = {
        FieldKind.PERSON,
        FieldKind.GROUP,
        FieldKind.LINK,
        FieldKind.LINKS,
        FieldKind.CREATED_BY,
        FieldKind.UPDATED_BY,
    }
    return writer_of(field, around) if field.kind in named else shower_of(field)


def workbook_chunks(
    name: str, fields: Sequence[FieldInfo], parts: Iterable[list[Any]], around: Around
) -> Iterator[bytes]:
    """Return a workbook: numbers as numbers, days as days, texts as texts and never as formulas."""
    makers = [_maker(field, around) for field in fields]
    rows = (
        [
            [
                None if value is None else make(value)
                for make, value in zip(makers, row, strict=True)
            ]
            for row in part
        ]
        for part in parts
    )
    return xlsx_chunks(name, [field.name for field in fields], rows)


def _maker(field: FieldInfo, around: Around) -> Callable[[Any], Any]:
    kind, writer = field.kind, writer_of(field, around)
    if kind in (FieldKind.INTEGER, FieldKind.DECIMAL, FieldKind.MONEY, FieldKind.PERCENT):
        style = STYLES.get(kind, PLAIN)
        if style == MONEY and field.scale:
            style = PLAIN
        # Excel counts a hundred percent as 1
        further = 2 if kind is FieldKind.PERCENT else 0
        return lambda stored: _number(write_decimal(stored, field.scale + further), style)
    if kind is FieldKind.DATE:
        return day
    if kind in MOMENTS:
        return lambda stored: moment(
            dt.datetime.fromtimestamp(stored / 1000, around.zone).replace(tzinfo=None)
        )
    if kind is FieldKind.DURATION:
        return lambda stored: (
            Number(f"{stored / 86_400:.10f}", LENGTH) if stored >= 0 else writer(stored)
        )
    if kind is FieldKind.CHECKBOX:
        return bool
    return writer


def _number(text: str, style: int) -> Number | str:
    digits = sum(character.isdigit() for character in text.lstrip("-0."))
    return Number(text, style) if digits <= LONGEST_NUMBER else text
