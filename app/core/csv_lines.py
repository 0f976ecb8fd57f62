"""Lines of CSV as Excel opens them: with a mark of UTF-8, and no cell that it would run."""

import csv
import datetime as dt
import io
import re
from collections.abc import Sequence
from typing import Any, Final

FORMULA: Final = re.compile(r"[\s\0]*[=+\-@＝＋－＠]|[\t\r\n]")
"""What a spreadsheet may take for a formula (CWE-1236)."""


def csv_head(heads: Sequence[str]) -> bytes:
    """Return the first line; Excel takes a file without its mark for CP932."""
    return "\ufeff".encode() + csv_line(heads)


def csv_line(cells: Sequence[Any]) -> bytes:
    """Return one line; a text that a spreadsheet would run is kept as a text."""
    text = io.StringIO()
    csv.writer(text).writerow([harmless(cell) for cell in cells])
    return text.getvalue().encode()


def iso(at: int) -> str:
    """Return a moment as RFC 3339 in UTC; nothing for never."""
    return dt.datetime.fromtimestamp(at / 1000, dt.UTC).isoformat() if at else ""


def harmless(cell: Any) -> Any:  # noqa: ANN401 - whatever csv writes
    """Return a text so that no spreadsheet runs it."""
    return "'" + cell if isinstance(cell, str) and FORMULA.match(cell) else cell
