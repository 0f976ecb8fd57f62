"""Search that does not see case, width or kind of kana. Pure.

A row has one search text `s`: for each filled field its key, the folded text, an end mark. Keys
and marks are characters that folding takes out of everybody's text, so that a search never runs
over the border of a field, and a search inside one field (for those who may not see the others)
knows where that field begins.
"""

import re
import unicodedata
from collections.abc import Sequence
from typing import Final

BEGIN: Final = "\x1e"
KEYED: Final = "\x1d"
END: Final = "\x1f"
_DIGITS: Final = 0xF0000
"""Private use plane 15: digits of a field's number, 12 bits each."""

_KANA: Final = {code: code - 0x60 for code in (*range(0x30A1, 0x30F7), 0x30FD, 0x30FE)}
_KATAKANA: Final = re.compile("[\u30a1-\u30f6\u30fd\u30fe]")
_MARKS: Final = re.compile("[\x1d-\x1f\U000f0000-\U000fffff]")
_INNER_MARKS: Final = re.compile("[\x1d\x1e\U000f0000-\U000fffff]")


def fold(text: str) -> str:
    """Return the text as search compares it: 「カ」「ｶ」「か」 and “Ａ”, “A”, “a” are the same."""
    return _MARKS.sub(" ", _same(text))


def _same(text: str) -> str:
    """Return the text without differences of width, case and kind of kana."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    # `translate` takes as long as all the rest: only where there is something for it
    return folded.translate(_KANA) if _KATAKANA.search(folded) else folded


def key_of(field: int) -> str:
    """Return what stands before a field's text in a row's search text."""
    digits = ""
    while field:
        field, digit = divmod(field, 4096)
        digits += chr(_DIGITS + digit)
    return BEGIN + digits + KEYED


def search_text(keys: Sequence[str], texts: Sequence[str]) -> str:
    """Return a row's search text from the keys and texts of its fields; empty ones are left out."""
    joined = END.join(texts)
    if joined.count(END) == len(texts) - 1 and not _INNER_MARKS.search(joined):
        # one pass over the row instead of one a cell: END separates, and folding keeps it
        folded = _same(joined).split(END)
    else:
        folded = [fold(text) for text in texts]
    return "".join([f"{key}{text}{END}" for key, text in zip(keys, folded, strict=True) if text])


def segments_of(text: str, without: Sequence[str]) -> str:
    """Return what a search text holds of fields but those of the keys `without`."""
    left = [part for part in text.split(END) if part and not part.startswith(tuple(without))]
    return "".join(f"{part}{END}" for part in left)
