"""Numbers that Excel shows as percentages: 0.125 as 12.5%. What people see is what they mean."""

import decimal
import re
from typing import Final

STYLES: Final = "xl/styles.xml"
LARGEST_STYLES: Final = 16 * 1024 * 1024
"""Bytes of the part that lists the styles."""
LOOKED_AT: Final = frozenset({"numFmt", "cellXfs", "xf", "cellStyleXfs", "cellStyles", "dxfs"})
BUILT_IN: Final = frozenset({"9", "10"})
"""0% and 0.00% (ECMA-376 part 1, 18.8.30)."""
_SAID: Final = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]')
"""Of a format: quoted words, a character that stands for itself, colours and places."""


class Styles:
    """Follows the part that lists formats and styles."""

    def __init__(self) -> None:
        self._formats = set(BUILT_IN)
        self._styles: list[str] = []
        self._of_cells = False

    def begin(self, tag: str, given: dict[str, str]) -> None:
        """Take in one element."""
        if tag == "numFmt":
            number, code = given.get("numFmtId", ""), given.get("formatCode", "")
            shown = self._formats.add if "%" in _SAID.sub("", code) else self._formats.discard
            shown(number)
        elif tag == "xf":
            if self._of_cells:
                self._styles.append(given.get("numFmtId", ""))
        else:
            self._of_cells = tag == "cellXfs"

    def percents(self) -> frozenset[str]:
        """Return the numbers of the styles that are percentages, as cells write them."""
        found = (place for place, number in enumerate(self._styles) if number in self._formats)
        return frozenset(map(str, found))


class Percents:
    """Which cells of a sheet are percentages, a bit each; rows and columns count from 1."""

    def __init__(self) -> None:
        self._columns: dict[int, bytearray] = {}

    def __bool__(self) -> bool:
        return bool(self._columns)

    def add(self, row: int, column: int) -> None:
        """Note a cell."""
        bits = self._columns.setdefault(column, bytearray())
        at = row >> 3
        if at >= len(bits):
            bits.extend(bytes(at + 1 - len(bits)))
        bits[at] |= 1 << (row & 7)

    def columns(self, row: int) -> list[int]:
        """Return the columns that are percentages in a row."""
        at, bit = row >> 3, 1 << (row & 7)
        return [
            column for column, bits in self._columns.items() if at < len(bits) and bits[at] & bit
        ]


def as_percent(number: float) -> str:
    """Return a number as Excel shows it: 12.5% for 0.125."""
    hundredfold = decimal.Decimal(repr(number)).scaleb(2).normalize()
    return f"{hundredfold:f}%"
