"""Rows as CSV; what keeps spreadsheets from running them stands in `app.files.csv_writing`."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from app.files.csv_writing import UTF8_MARK, csv_lines, neutral
from app.services.tables.fields import FieldInfo
from app.services.tables.models import FieldKind
from app.services.tables.types.base import NOWHERE, Around
from app.services.tables.types.registry import TYPES, writer_of

NEVER_FORMULAS = frozenset({FieldKind.DATE, FieldKind.POSTAL_CODE})
"""Texts of ours whatever people typed: they begin with a digit."""


def _writers(
    fields: Sequence[FieldInfo], around: Around, *, neutralise: bool
) -> list[tuple[int, Callable[[Any], str]]]:
    """Return for each place what makes its text; places that need nothing are left out."""
    writers: list[tuple[int, Callable[[Any], str]]] = []
    for place, field in enumerate(fields):
        write = writer_of(field, around)
        is_harmless = field.kind in NEVER_FORMULAS or TYPES[field.kind].is_number
        if is_harmless or not neutralise:
            if write is not str:
                writers.append((place, write))
        elif write is str:
            writers.append((place, neutral))
        else:
            writers.append((place, _then_neutral(write)))
    return writers


def _then_neutral(write: Callable[[Any], str]) -> Callable[[Any], str]:
    return lambda stored: neutral(write(stored))


def csv_chunks(
    fields: Sequence[FieldInfo],
    parts: Iterable[list[Any]],
    *,
    encoding: str,
    around: Around = NOWHERE,
    neutralise: bool = True,
) -> Iterator[bytes]:
    """Return a CSV file in chunks: names of the fields, then the rows; lines end with CRLF.

    UTF-8 begins with the mark that Excel goes by.
    """
    names = [neutral(field.name) if neutralise else field.name for field in fields]
    writers = _writers(fields, around, neutralise=neutralise)
    yield (UTF8_MARK if encoding == "utf-8" else b"") + csv_lines([names], encoding)
    for part in parts:
        yield csv_lines((_texts(row, writers) for row in part), encoding)


def _texts(row: Sequence[Any], writers: list[tuple[int, Callable[[Any], str]]]) -> Sequence[Any]:
    if not writers:
        return row
    cells = list(row)
    for place, write in writers:
        if cells[place] is not None:
            cells[place] = write(cells[place])
    return cells
