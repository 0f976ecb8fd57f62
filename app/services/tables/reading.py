"""The records of a file as an import takes them: from the list's first row on, batch by batch."""

from collections.abc import Iterator
from itertools import islice
from typing import BinaryIO, Final

import msgspec

from app.files.csv_reading import CsvSource, Format, Record
from app.services.tables.guessing import DITTO
from app.services.tables.importing import WRONG_WIDTH
from app.services.tables.sniffing import is_total

BATCH: Final = 5_000
"""Records a transaction: a few tenths of a second, so that others get their turn."""
BATCH_BYTES: Final = 2 * 1024 * 1024
"""Of the file, a transaction: what it writes stays well below the room that a change starts with
(`app.core.reserve`), so that no batch of long texts fills the disk in its middle."""


class Layout(msgspec.Struct, frozen=True, kw_only=True):
    """How a file is read."""

    encoding: str
    delimiter: str
    header: bool
    skip: int = 0
    """Lines above the list."""
    width: int = 0
    """Columns of the list; 0: as many as there are fields."""
    places: tuple[int, ...] = ()
    """Which of them are taken; empty: all."""
    without_totals: bool = False
    """Rows that add the others up are left out."""
    ditto: bool = False
    """A cell that says “the same as above” gets what stands above."""
    named: bool = False
    """The first line was made here: the file's own lines count from the one after it."""


class Stands(msgspec.Struct, frozen=True, kw_only=True):
    """Where reading goes on."""

    offset: int = 0
    """Byte where the next record begins."""
    record: int = 0
    """Number of the last record that was read."""
    above: list[str] = msgspec.field(default_factory=list)
    """The cells of the last row, where a next one may refer to it."""
    left_out: int = 0
    """Rows that add the others up."""


class Reading:
    """Reads a file from where it stands."""

    def __init__(
        self, file: BinaryIO, layout: Layout, stands: Stands, *, batch: int, batch_bytes: int
    ) -> None:
        form = Format(encoding=layout.encoding, delimiter=layout.delimiter)
        self._layout, self._batch, self._bytes = layout, batch, batch_bytes
        self._source = CsvSource(file, form, offset=stands.offset, number=stands.record)
        self._records = self._rows()
        self._above, self._left_out = stands.above, stands.left_out
        # what needs no look at its cells goes on as it was read
        self._plain = not (layout.places or layout.without_totals or layout.ditto or layout.named)

    @property
    def stands(self) -> Stands:
        """Where it goes on after what was read."""
        return Stands(
            offset=self._source.offset,
            record=self._source.number,
            above=self._above,
            left_out=self._left_out,
        )

    def batches(self) -> Iterator[list[Record]]:
        """Return the rest of the list, some thousand records at a time."""
        while batch := list(self._some()):
            yield batch if self._plain else list(filter(None, map(self._taken, batch)))

    def _rows(self) -> Iterator[Record]:
        begins = self._source.number < self._layout.skip + self._layout.header
        names = self._layout.header
        for record in self._source:
            if begins:
                if record.number <= self._layout.skip:
                    continue
                begins = False
                if names:
                    continue
            yield record

    def _some(self) -> Iterator[Record]:
        begin = self._source.offset
        for record in islice(self._records, self._batch):
            yield record
            if self._source.offset - begin >= self._bytes:
                return

    def _taken(self, record: Record) -> Record | None:
        layout = self._layout
        if layout.named:
            record = Record(record.number - 1, record.cells, record.reason)
        if record.reason:
            return record
        if layout.without_totals and is_total(record.cells):
            self._left_out += 1
            return None
        if layout.width and len(record.cells) != layout.width:
            return Record(record.number, record.cells, WRONG_WIDTH)
        cells = record.cells
        if layout.ditto:
            cells = self._above = [
                self._above[place] if cell.strip() in DITTO and place < len(self._above) else cell
                for place, cell in enumerate(cells)
            ]
        if layout.places:
            cells = [cells[place] for place in layout.places]
        return Record(record.number, cells)
