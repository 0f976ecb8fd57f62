"""CSV in the encodings that offices use, and nothing that a spreadsheet would run.

A text that begins like a formula gets an apostrophe in front (rules.md section 8, METI-38): Excel
then shows it as text. Plain numbers stay as they are. CP932 lacks most of Unicode: a character
that it has not is written as its numeric reference (&#128512;) and counted, never dropped.
"""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

UTF8_MARK: Final = b"\xef\xbb\xbf"
"""What Excel knows UTF-8 by."""
ENCODINGS: Final = ("utf-8", "cp932")

_FORMULA: Final = re.compile(r"[\s\0]*[=+\-@＝＋－＠]|[\t\r\n]")
_NUMBER: Final = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")

# Characters of JIS X 0208 that Unicode has twice; only one of the two is in Microsoft's table.
_SAME: Final = str.maketrans("〜−‖—¢£¬", "～－∥―￠￡￢")


def neutral(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula."""
    if _FORMULA.match(text) and not _NUMBER.fullmatch(text):
        return "'" + text
    return text


def encode(text: str, encoding: str) -> bytes:
    """Return the bytes of a text; what the encoding lacks becomes a numeric reference."""
    if encoding == "cp932":
        return text.translate(_SAME).encode("cp932", "xmlcharrefreplace")
    return text.encode(encoding)


def count_lacking(text: str) -> int:
    """Return how many characters of a text CP932 lacks."""
    return len(lacking(text))


def lacking(text: str) -> list[str]:
    """Return the characters of a text that CP932 lacks, each as often as it stands there."""
    text = text.translate(_SAME)
    try:
        text.encode("cp932")
    except UnicodeEncodeError:
        return [character for character in text if not _has(character)]
    return []


def _has(character: str) -> bool:
    try:
        character.encode("cp932")
    except UnicodeEncodeError:
        return False
    return True


def csv_lines(rows: Iterable[Sequence[Any]], encoding: str) -> bytes:
    """Return rows as CSV lines, ended by CRLF."""
    buffer = io.StringIO(newline="")
    csv.writer(buffer).writerows(rows)
    return encode(buffer.getvalue(), encoding)
