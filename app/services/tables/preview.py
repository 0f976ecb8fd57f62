"""What an import would make of a file: shown to a person, who corrects it."""

import re
from typing import Annotated, BinaryIO, Final

import msgspec
from msgspec import Meta

from app.core.messages import mark, translate
from app.files.csv_reading import Format, Record
from app.files.errors import NotCsv
from app.files.packed import SheetView
from app.files.sniffing import EMPTY, sniff_delimiter, sniff_encoding
from app.services.tables.errors import TooManyColumns
from app.services.tables.fields import LARGEST_SCALE, PLAIN, Settings
from app.services.tables.guessing import DITTO, decimals, guess
from app.services.tables.models import FieldKind
from app.services.tables.physical import MOST_FIELDS
from app.services.tables.sniffing import (
    has_ditto,
    is_total,
    sample_records,
    sniff_header,
    titles_above,
)

SHOWN: Final = 20
"""Sample rows in a preview."""
SAMPLES: Final = 3
"""Different values of a column that are shown beside its type."""
LONGEST_NAME: Final = 200
COLUMN: Final = mark("Column {number}")

Name = Annotated[
    str,
    Meta(
        description="What people call it, without control characters.",
        min_length=1,
        max_length=200,
        pattern=r"^[^\x00-\x1f\x7f]+$(?!\n)",  # `$` alone lets a last line break pass
    ),
]
_CONTROL: Final = re.compile("[\x00-\x1f\x7f]")


class ColumnPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes of one column of a file."""

    name: Name
    kind: Annotated[FieldKind, Meta(description="What the field holds.")] = FieldKind.TEXT
    scale: Annotated[
        int, Meta(description="Decimals of a number that keeps some.", ge=0, le=LARGEST_SCALE)
    ] = 0
    settings: Annotated[Settings, Meta(description="What is chosen for it.")] = PLAIN


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """A file as an import would read it."""

    name: Annotated[str, Meta(description="What the file is called.")]
    size: Annotated[int, Meta(description="Bytes.")]
    encoding: Annotated[str, Meta(description="utf-8, cp932, utf-16-le or utf-16-be.")]
    delimiter: Annotated[str, Meta(description="What stands between two cells.")]
    header: Annotated[bool, Meta(description="The first row of the list names the columns.")]
    skip: Annotated[int, Meta(description="Lines above the list.")] = 0
    columns: Annotated[list[ColumnPlan], Meta(description="Names and guessed kinds.")]
    samples: Annotated[
        list[list[str]], Meta(description="Some different values of each column.")
    ] = msgspec.field(default_factory=list)
    decimals: Annotated[
        list[int], Meta(description="Decimals that numbers in each column have.")
    ] = msgspec.field(default_factory=list)
    rows: Annotated[list[list[str]], Meta(description="The first rows, without the header.")]
    above: Annotated[
        list[list[str]], Meta(description="The lines above the list, as far as they are shown.")
    ] = msgspec.field(default_factory=list)
    broken: Annotated[int, Meta(description="Rows of the sample that would not fit.")]
    totals: Annotated[int, Meta(description="Rows of the sample that add the others up.")] = 0
    ditto: Annotated[bool, Meta(description="Cells say that they are the same as above (〃).")] = (
        False
    )
    plain: Annotated[
        bool, Meta(description="There is no encoding to choose: it is a workbook or JSON Lines.")
    ] = False
    sheets: Annotated[tuple[SheetView, ...], Meta(description="Sheets of the workbook.")] = ()
    sheet: Annotated[int, Meta(description="Which of them it is, from 1; 0: no workbook.")] = 0
    hidden_rows: Annotated[int, Meta(description="Rows that Excel hides; they are read too.")] = 0
    hidden_columns: Annotated[int, Meta(description="Columns that Excel hides.")] = 0
    merged: Annotated[int, Meta(description="Areas of merged cells; each cell gets the value.")] = 0


def column_names(cells: list[str], language: str) -> list[str]:
    """Return names for columns: trimmed, never empty, each once."""
    names: list[str] = []
    taken: set[str] = set()
    for number, cell in enumerate(cells, 1):
        name = " ".join(_CONTROL.sub(" ", cell).split())[:LONGEST_NAME]
        name = name or translate(language, COLUMN, number=number)
        unique, times = name, 1
        while unique in taken:
            times += 1
            unique = f"{name[: LONGEST_NAME - 8]} ({times})"
        taken.add(unique)
        names.append(unique)
    return names


def make_preview(
    file: BinaryIO,
    *,
    name: str,
    size: int,
    language: str,
    encoding: str = "",
    delimiter: str = "",
    header: bool | None = None,
    skip: int | None = None,
) -> Preview:
    """Return how `file` would be imported; what is not given is guessed.

    Raise NotCsv for what is no text with columns, TooManyColumns.
    """
    encoding = encoding or sniff_encoding(file, name)
    delimiter = delimiter or sniff_delimiter(file, encoding)
    records = sample_records(file, Format(encoding=encoding, delimiter=delimiter), size)
    skip = titles_above(records) if skip is None else skip
    above = [record for record in records if record.number <= skip]
    records = records[len(above) :]
    whole = [record for record in records if not record.reason]
    if not whole:
        raise NotCsv(name=name, reason=records[0].reason if records else EMPTY)
    width = len(whole[0].cells)
    if width > MOST_FIELDS:
        raise TooManyColumns(columns=width, limit=MOST_FIELDS)
    header = sniff_header(whole) if header is None else header
    body = whole[1:] if header else whole
    fitting = [record.cells for record in body if len(record.cells) == width]
    listed = [cells for cells in fitting if not is_total(cells)]
    columns = [[cells[place] for cells in listed] for place in range(width)]
    names = column_names(whole[0].cells if header else [""] * width, language)
    return Preview(
        name=name,
        size=size,
        encoding=encoding,
        delimiter=delimiter,
        header=header,
        skip=skip,
        columns=[
            ColumnPlan(name=label, kind=found.kind, scale=found.scale)
            for label, found in (
                (label, guess(texts, label if header else ""))
                for label, texts in zip(names, columns, strict=True)
            )
        ],
        samples=[_different(texts) for texts in columns],
        decimals=[decimals(texts) for texts in columns],
        rows=_shown(body),
        above=_shown(above),
        broken=len(records) - len(fitting) - header,
        totals=len(fitting) - len(listed),
        ditto=any(map(has_ditto, listed)),
    )


def _different(texts: list[str]) -> list[str]:
    found: dict[str, None] = {}
    for text in texts:
        if text.strip() and text.strip() not in DITTO:
            found.setdefault(text[:100])
        if len(found) == SAMPLES:
            break
    return list(found)


def _shown(body: list[Record]) -> list[list[str]]:
    return [[cell[:500] for cell in record.cells] for record in body[:SHOWN]]
