"""Columns for a terminal; Japanese characters are two columns wide (Unicode TR 11)."""

import datetime as dt
import unicodedata
from collections.abc import Iterable, Sequence


def width(text: str) -> int:
    """Return how many columns a text takes."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def columns(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return rows under their heads, each column as wide as its widest cell."""
    cells = [list(heads), *([str(cell) for cell in row] for row in rows)]
    widths = [max(width(row[place]) for row in cells) for place in range(len(heads))]
    return "\n".join(
        "  ".join(
            cell + " " * (wide - width(cell)) for cell, wide in zip(row, widths, strict=True)
        ).rstrip()
        for row in cells
    )


def moment(milliseconds: int | None) -> str:
    """Return a time as this machine's zone tells it; empty for none."""
    if not milliseconds:
        return ""
    at = dt.datetime.fromtimestamp(milliseconds / 1000, dt.UTC).astimezone()
    return at.isoformat(sep=" ", timespec="seconds")
