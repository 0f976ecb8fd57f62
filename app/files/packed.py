"""What an Excel workbook says of itself, read before any of its cells is.

A workbook is a ZIP archive of XML. A few kilobytes of it may claim gigabytes, and one cell at the
far end of a sheet makes billions of empty ones before it: both are measured here, from outside.
"""

import re
import zipfile
from collections.abc import Callable
from typing import BinaryIO, Final
from xml.parsers import expat

import msgspec

from app.files.errors import (
    NotAWorkbook,
    SheetTooLarge,
    UnreadableWorkbook,
    WorkbookTooLarge,
)
from app.files.percents import LARGEST_STYLES, LOOKED_AT, STYLES, Percents, Styles

MEGABYTE: Final = 1024 * 1024
LARGEST: Final = 256 * MEGABYTE
"""Bytes of all its parts together."""
MOST_PARTS: Final = 10_000
"""Sheets, pictures and whatever else a workbook is packed of."""
STEEPEST: Final = 200
"""Times that a part of more than a megabyte may be larger than its packed form."""
MOST_CELLS: Final = 10_000_000
"""Rows times columns of one sheet, the empty ones in between included."""
LARGEST_PLAN: Final = 4 * MEGABYTE
"""Bytes of the part that lists the sheets."""

_PLAN: Final = "xl/workbook.xml"
_TARGETS: Final = "xl/_rels/workbook.xml.rels"
_CELL: Final = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
_HIDDEN: Final = ("1", "true")
_LOOKED_AT: Final = frozenset({"Relationship", "sheet", "row", "c", "col"})
Begin = Callable[[str, dict[str, str]], None]


class SheetView(msgspec.Struct, frozen=True, kw_only=True):
    """A sheet of a workbook."""

    name: str
    """As Excel shows it."""
    hidden: bool = False
    """Excel does not show it."""


class Sheet(msgspec.Struct, frozen=True, kw_only=True):
    """What a sheet says of itself."""

    rows: int = 0
    columns: int = 0
    hidden_rows: int = 0
    hidden_columns: int = 0
    percents: Percents = msgspec.field(default_factory=Percents)
    """Cells whose number is shown as a percentage: 0.125 as 12.5%."""


def measure(file: BinaryIO, name: str) -> list[zipfile.ZipInfo]:
    """Return the parts of a workbook. Raise WorkbookTooLarge or UnreadableWorkbook."""
    try:
        file.seek(0)
        with zipfile.ZipFile(file) as packed:
            parts = packed.infolist()
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise UnreadableWorkbook(name=name) from error
    size = sum(part.file_size for part in parts)
    steep = any(part.file_size > max(MEGABYTE, part.compress_size * STEEPEST) for part in parts)
    if size > LARGEST or steep or len(parts) > MOST_PARTS:
        raise WorkbookTooLarge(name=name, megabytes=LARGEST // MEGABYTE)
    return parts


def sheets_of(file: BinaryIO, name: str) -> list[SheetView]:
    """Return the sheets of a workbook, in order. Raise what `measure` does, or NotAWorkbook."""
    return [view for view, _ in _sheets(file, name)]


def look_at(file: BinaryIO, name: str, number: int) -> Sheet:
    """Return what one sheet says of itself, without its cells. Raise SheetTooLarge."""
    _, part = _sheets(file, name)[number]
    scan = _Scan(name, percent_styles(file, name))
    with zipfile.ZipFile(file) as packed:
        _parse(packed, part, name, scan.begin)
    return Sheet(
        rows=scan.rows,
        columns=scan.columns,
        hidden_rows=scan.hidden_rows,
        hidden_columns=len(scan.hidden_columns),
        percents=scan.percents,
    )


def _sheets(file: BinaryIO, name: str) -> list[tuple[SheetView, str]]:
    parts = {part.filename: part for part in measure(file, name)}
    if _PLAN not in parts or _TARGETS not in parts:
        raise NotAWorkbook(name=name)
    if max(parts[_PLAN].file_size, parts[_TARGETS].file_size) > LARGEST_PLAN:
        raise UnreadableWorkbook(name=name)
    targets: dict[str, str] = {}
    found: list[tuple[SheetView, str]] = []

    def target(tag: str, given: dict[str, str]) -> None:
        if tag == "Relationship":
            path = given.get("Target", "").removeprefix("/")
            targets[given.get("Id", "")] = path if path.startswith("xl/") else f"xl/{path}"

    def sheet(tag: str, given: dict[str, str]) -> None:
        if tag == "sheet":
            hidden = given.get("state", "visible") != "visible"
            part = targets.get(next((given[key] for key in given if key.endswith(":id")), ""), "")
            if part in parts and "/chartsheets/" not in part:  # a chart has no cells
                found.append((SheetView(name=given.get("name", ""), hidden=hidden), part))

    with zipfile.ZipFile(file) as packed:
        _parse(packed, _TARGETS, name, target)
        _parse(packed, _PLAN, name, sheet)
    if not found:
        raise UnreadableWorkbook(name=name)
    return found


def percent_styles(file: BinaryIO, name: str) -> frozenset[str]:
    """Return the styles of cells, by what cells call them, that show a number as a percentage."""
    parts = {part.filename: part for part in measure(file, name)}
    if STYLES not in parts:
        return frozenset()
    if parts[STYLES].file_size > LARGEST_STYLES:
        raise UnreadableWorkbook(name=name)
    styles = Styles()
    with zipfile.ZipFile(file) as packed:
        _parse(packed, STYLES, name, styles.begin, LOOKED_AT)
    return styles.percents()


class _Scan:
    """Follows the rows and cells of a sheet without keeping any."""

    def __init__(self, name: str, percent_styles: frozenset[str]) -> None:
        self._name, self._percent_styles = name, percent_styles
        self.percents = Percents()
        self.rows = self.columns = self.hidden_rows = 0
        self.hidden_columns: set[int] = set()
        self._row = self._column = 0

    def begin(self, tag: str, given: dict[str, str]) -> None:
        if tag == "c":
            place = _CELL.fullmatch(given.get("r", ""))
            self._column = _number(place[1]) if place else self._column + 1
            self.columns = max(self.columns, self._column)
            self.rows = max(self.rows, self._row, int(place[2]) if place else 0)
            if self.rows * self.columns > MOST_CELLS:
                raise SheetTooLarge(name=self._name, cells=MOST_CELLS)
            if given.get("s") in self._percent_styles:
                self.percents.add(int(place[2]) if place else self._row, self._column)
        elif tag == "row":
            given_row = given.get("r", "")
            whole = given_row.isascii() and given_row.isdigit() and len(given_row) < 8
            self._row = int(given_row) if whole else self._row + 1
            self._column = 0
            self.hidden_rows += given.get("hidden") in _HIDDEN
        elif tag == "col" and given.get("hidden") in _HIDDEN:
            first, last = given.get("min", ""), given.get("max", "")
            if first.isdigit() and last.isdigit() and len(first) < 6 and len(last) < 6:
                self.hidden_columns.update(range(int(first), min(int(last), 16_384) + 1))


def _number(letters: str) -> int:
    """Return 28 for AB."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


def _parse(
    packed: zipfile.ZipFile,
    part: str,
    name: str,
    begin: Begin,
    looked_at: frozenset[str] = _LOOKED_AT,
) -> None:
    """Tell `begin` of each element, by its name without namespace; no entity is ever opened."""
    parser = expat.ParserCreate()
    parser.buffer_text = True

    def start(tag: str, given: dict[str, str]) -> None:
        if ":" in tag:
            tag = tag.rpartition(":")[2]
        if tag in looked_at:  # a sheet has millions of others
            begin(tag, given)

    def refuse(*_: object) -> None:
        raise UnreadableWorkbook(name=name)

    parser.StartElementHandler = start
    parser.StartDoctypeDeclHandler = refuse
    try:
        with packed.open(part) as file:
            while chunk := file.read(MEGABYTE):
                parser.Parse(chunk, False)
            parser.Parse(b"", True)
    except (
        expat.ExpatError,
        zipfile.BadZipFile,
        OSError,
        EOFError,
        ValueError,
        NotImplementedError,
        RuntimeError,
    ) as error:
        raise UnreadableWorkbook(name=name) from error
