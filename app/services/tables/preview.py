"""What an import would make of a file: shown to a person, who corrects it."""

import re
from typing import Annotated, BinaryIO, Final

import msgspec
from msgspec import Meta

from app.core.messages import mark, translate
from app.files.csv_reading import Format, Record
from app.files.errors import NotCsv
from app.files.sniffing import EMPTY, sniff_delimiter, sniff_encoding
from app.services.tables.errors import TooManyColumns
from app.services.tables.fields import LARGEST_SCALE, PLAIN, Settings
from app.services.tables.models import FieldKind
from app.services.tables.physical import MOST_FIELDS
from app.services.tables.sniffing import guess_kind, sample_records, sniff_header

SHOWN: Final = 20
"""Sample rows in a preview."""
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
    header: Annotated[bool, Meta(description="The first row names the columns.")]
    columns: Annotated[list[ColumnPlan], Meta(description="Names and guessed kinds.")]
    rows: Annotated[list[list[str]], Meta(description="The first rows, without the header.")]
    broken: Annotated[int, Meta(description="Rows of the sample that would not fit.")]


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
) -> Preview:
    """Return how `file` would be imported; what is not given is guessed.

    Raise NotCsv for what is no text with columns, TooManyColumns.
    """
    encoding = encoding or sniff_encoding(file, name)
    delimiter = delimiter or sniff_delimiter(file, encoding)
    records = sample_records(file, Format(encoding=encoding, delimiter=delimiter), size)
    whole = [record for record in records if not record.reason]
    if not whole:
        raise NotCsv(name=name, reason=records[0].reason if records else EMPTY)
    width = len(whole[0].cells)
    if width > MOST_FIELDS:
        raise TooManyColumns(columns=width, limit=MOST_FIELDS)
    header = sniff_header(whole) if header is None else header
    body = whole[1:] if header else whole
    fitting = [record.cells for record in body if len(record.cells) == width]
    plans = [
        ColumnPlan(name=label, kind=kind, scale=scale)
        for label, (kind, scale) in zip(
            column_names(whole[0].cells if header else [""] * width, language),
            (guess_kind([cells[place] for cells in fitting]) for place in range(width)),
            strict=True,
        )
    ]
    return Preview(
        name=name,
        size=size,
        encoding=encoding,
        delimiter=delimiter,
        header=header,
        columns=plans,
        rows=_shown(body),
        broken=len(records) - len(fitting) - header,
    )


def _shown(body: list[Record]) -> list[list[str]]:
    return [[cell[:500] for cell in record.cells] for record in body[:SHOWN]]
