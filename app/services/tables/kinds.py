"""Kinds of fields: how a text becomes what is stored, and back. Pure.

Everything is stored as TEXT or INTEGER (table-engine.md, rule 3): decimals as value x 10^scale,
so that sums are exact; dates as ISO 8601 texts; a tick as 0 or 1. An empty text is no value.
"""

import functools
import re
import unicodedata
from collections.abc import Callable
from typing import Any, Final

from app.core.messages import mark
from app.files.dates import read_date
from app.files.errors import Unfit
from app.services.tables.models import FieldKind

Stored = str | int | None
Value = str | int | float | bool | None
"""A value as the API takes and gives it; decimals are texts, so that none is rounded."""

LONGEST_TEXT: Final = 1_000_000
"""Characters in one cell."""
LARGEST: Final = 10**18 - 1
"""Eighteen digits fit both databases' 64-bit integers."""
LARGEST_SCALE: Final = 12

TICKED: Final = frozenset({"true", "yes", "on", "1", "はい", "有", "○", "〇", "✓", "✔", "☑", "レ"})
UNTICKED: Final = frozenset({"false", "no", "off", "0", "いいえ", "無", "×", "✕", "☐"})

NO_NUMBER: Final = mark("This is not a whole number.")
NO_DECIMAL: Final = mark("This is not a number.")
NO_TICK: Final = mark("This is neither yes nor no.")
TOO_LARGE: Final = mark("The number has more than 18 digits.")
TOO_FINE: Final = mark("The number has more decimals than the field keeps.")
TOO_LONG: Final = mark("The text is longer than 1,000,000 characters.")
HAS_NUL: Final = mark("The text holds a NUL character.")
NOT_UNICODE: Final = mark("The text holds half of a character.")

_NUMBER: Final = re.compile(r"[¥]?([+-]?)[¥]?([0-9]+|[0-9]{1,3}(?:,[0-9]{3})+)(?:\.([0-9]*))?円?")


def _parts(text: str, reason: str) -> tuple[str, str, str]:
    """Return sign, whole digits and decimals of a number as people write it."""
    found = _NUMBER.fullmatch(text)
    if found is None:
        # full-width digits and signs, ￥, △ and ▲ for minus
        normal = unicodedata.normalize("NFKC", text).strip().replace("−", "-")
        if normal[:1] in ("△", "▲"):
            normal = "-" + normal[1:]
        found = _NUMBER.fullmatch(normal)
        if found is None:
            raise Unfit(reason)
    return found[1], found[2].replace(",", ""), found[3] or ""


def _bounded(digits: str) -> int:
    # the length first: reading a number of a million digits takes very long
    if len(digits.lstrip("+-0")) > 18:
        raise Unfit(TOO_LARGE)
    return int(digits)


def read_text(text: str) -> str:
    """Return the text. Raise Unfit if it is too long, or cannot be stored as it is."""
    if len(text) > LONGEST_TEXT:
        raise Unfit(TOO_LONG)
    if "\0" in text:
        raise Unfit(HAS_NUL)
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise Unfit(NOT_UNICODE) from error
    return text


def read_integer(text: str) -> int:
    """Return a whole number. Raise Unfit."""
    sign, whole, decimals = _parts(text, NO_NUMBER)
    if decimals.strip("0"):
        raise Unfit(NO_NUMBER)
    return _bounded(sign + whole)


@functools.cache  # by scale: a dozen of them
def decimal_reader(scale: int) -> Callable[[str], int]:
    """Return what reads a number with up to `scale` decimals, as value x 10^scale."""

    def read(text: str) -> int:
        sign, whole, decimals = _parts(text, NO_DECIMAL)
        if len(decimals) > scale and decimals[scale:].strip("0"):
            raise Unfit(TOO_FINE)
        return _bounded(sign + whole + decimals[:scale].ljust(scale, "0"))

    return read


def read_checkbox(text: str) -> int:
    """Return 1 for a tick and 0 for none. Raise Unfit."""
    known = unicodedata.normalize("NFKC", text).strip().lower()
    if known in TICKED:
        return 1
    if known in UNTICKED:
        return 0
    raise Unfit(NO_TICK)


_READERS: Final[dict[FieldKind, Callable[[str], str | int]]] = {
    FieldKind.TEXT: read_text,
    FieldKind.INTEGER: read_integer,
    FieldKind.DATE: read_date,
    FieldKind.CHECKBOX: read_checkbox,
}


def reader_of(kind: FieldKind, scale: int = 0) -> Callable[[str], str | int]:
    """Return what turns a text that is not empty into what is stored; it raises Unfit."""
    if kind is FieldKind.DECIMAL:
        return decimal_reader(scale)
    return _READERS[kind]


def store(kind: FieldKind, scale: int, value: Value) -> Stored:
    """Return what is stored for a value from the API or a form. Raise Unfit."""
    if value is None or value == "":
        return None
    if kind is FieldKind.CHECKBOX and isinstance(value, bool):
        return int(value)
    if kind is FieldKind.INTEGER and type(value) is int and -LARGEST <= value <= LARGEST:
        return value
    if isinstance(value, str):
        text = value
    elif isinstance(value, bool):
        text = "true" if value else "false"
    elif isinstance(value, float):
        text = format(value, "f")
    else:
        text = str(value)
    return reader_of(kind, scale)(text)


def write_decimal(stored: int, scale: int) -> str:
    """Return a decimal as text, without zeros that say nothing."""
    if not scale:
        return str(stored)
    digits = str(abs(stored)).rjust(scale + 1, "0")
    decimals = digits[-scale:].rstrip("0")
    whole = ("-" if stored < 0 else "") + digits[:-scale]
    return f"{whole}.{decimals}" if decimals else whole


def writer_of(kind: FieldKind, scale: int = 0) -> Callable[[str | int], str]:
    """Return what turns a stored value into the text of an export or a search."""
    if kind is FieldKind.DECIMAL:
        return lambda stored: write_decimal(int(stored), scale)
    if kind is FieldKind.CHECKBOX:
        return lambda stored: "TRUE" if stored else "FALSE"
    return str


def shower_of(kind: FieldKind, scale: int) -> Callable[[Any], Value] | None:
    """Return what turns a stored value into the one that the API gives; None where it is that."""
    if kind is FieldKind.CHECKBOX:
        return bool
    if kind is FieldKind.DECIMAL and scale:
        return functools.partial(write_decimal, scale=scale)
    return str if kind is FieldKind.DECIMAL else None


def show(kind: FieldKind, scale: int, stored: Stored) -> Value:
    """Return a stored value as the API gives it."""
    shower = shower_of(kind, scale)
    return stored if stored is None or shower is None else shower(stored)
