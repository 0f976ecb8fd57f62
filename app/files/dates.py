"""Dates as people in Japan write them: ISO, slashes, 年月日, and the eras. Pure."""

import datetime as dt
import re
import unicodedata
from typing import Final

from app.core.messages import mark
from app.files.errors import Unfit

NO_DATE: Final = mark("This is not a date.")

ERAS: Final = {
    "令和": dt.date(2019, 5, 1),
    "平成": dt.date(1989, 1, 8),
    "昭和": dt.date(1926, 12, 25),
    "大正": dt.date(1912, 7, 30),
    "明治": dt.date(1868, 1, 25),
}
"""First day of each era. A later date in an older era's years (平成31年5月) is still clear."""
LETTERS: Final = dict(zip("RHSTM", ERAS, strict=True))

_ISO: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_WESTERN: Final = re.compile(
    r"([0-9]{4})(?:[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})|年([0-9]{1,2})月([0-9]{1,2})日)"
)
_ERA: Final = re.compile(
    r"(令和|平成|昭和|大正|明治|[RHSTM])\.?([0-9]{1,2}|元)"
    r"(?:[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})|年([0-9]{1,2})月([0-9]{1,2})日)"
)


def _of_era(found: re.Match[str]) -> dt.date:
    first_day = ERAS[LETTERS.get(found[1], found[1])]
    year = 1 if found[2] == "元" else int(found[2])
    date = dt.date(first_day.year + year - 1, int(found[3] or found[5]), int(found[4] or found[6]))
    if year < 1 or date < first_day:
        raise Unfit(NO_DATE)
    return date


def read_date(text: str) -> str:
    """Return a date in ISO 8601 (2026-11-21). Raise Unfit if the text is none, or no such day."""
    try:
        if _ISO.fullmatch(text):
            return dt.date.fromisoformat(text).isoformat()
        normal = unicodedata.normalize("NFKC", text).replace(" ", "").upper()
        if found := _WESTERN.fullmatch(normal):
            month, day = int(found[2] or found[4]), int(found[3] or found[5])
            return dt.date(int(found[1]), month, day).isoformat()
        if found := _ERA.fullmatch(normal):
            return _of_era(found).isoformat()
    except ValueError as error:  # the 31st of February; Unfit is one too
        raise Unfit(NO_DATE) from error
    raise Unfit(NO_DATE)
