"""Guessing what a column of a file holds; people correct it.

A type is guessed only where each value of the sample is read by it, and where nothing that a text
would keep is lost: leading zeros, and more digits than a spreadsheet counts with, stay text.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from app.files.dates import read_date
from app.files.errors import Unfit
from app.services.tables.fields import LARGEST_SCALE
from app.services.tables.models import FieldKind
from app.services.tables.types.base import HOME
from app.services.tables.types.choices import TICKED, UNTICKED
from app.services.tables.types.contacts import read_mail, read_phone, read_url
from app.services.tables.types.numbers import decimal_reader, money_reader
from app.services.tables.types.texts import read_address, read_postal_code
from app.services.tables.types.times import read_day, read_duration, read_moment

LONGEST_NUMBER: Final = 15
"""Longer ones are numbers of cards or articles; a spreadsheet would round them."""
DITTO: Final = frozenset({"〃", "々", "″", "同上"})
"""The same as above."""

_SIGN: Final = re.compile(r"[¥$€£]|円$")
_PHONE: Final = re.compile(r"電話|携帯|ＦＡＸ|FAX|TEL|PHONE")
_POSTAL: Final = re.compile(r"郵便|〒|POSTAL|ZIP")
_HYPHENATED: Final = re.compile(r"[0-9]{3}-[0-9]{4}|〒.*")
_PLACE: Final = re.compile(r"(北海道|東京都|京都府|大阪府|\w{2,3}県).{2,}[市区町村郡].*")
_CLOCK: Final = re.compile(r"[0-9]:[0-9]|[0-9]時")
_UNITS: Final = re.compile(r"時間|分|秒")
_DASHES: Final = re.compile("[\u2010-\u2015\u2212\u30fc\uff70]")
_PLAIN: Final = re.compile(r"[0-9.,]+")
_NUMBER: Final = re.compile(r"[-+(△▲¥$]*[0-9,]+\.[0-9]+[)円%]*")
_CODE: Final = re.compile(r"0[0-9]")


class Guess(NamedTuple):
    """What a column seems to hold."""

    kind: FieldKind
    scale: int = 0


def guess(texts: Sequence[str], name: str = "") -> Guess:
    """Return what all these texts fit; text where nothing narrower does.

    `name` is what the column is called: it tells a phone number from an article's.
    """
    filled = [text for text in texts if text.strip() and text.strip() not in DITTO]
    if not filled:
        return Guess(FieldKind.TEXT)
    if any("\n" in text for text in filled):
        return Guess(FieldKind.LONG_TEXT)
    normal = [unicodedata.normalize("NFKC", text).strip() for text in filled]
    title = unicodedata.normalize("NFKC", name).upper()
    for kind in _KINDS:
        if found := kind(filled, normal, title):
            return found
    return Guess(FieldKind.TEXT)


def reads(read: Callable[[str], object], text: str) -> bool:
    """Tell whether a reader takes a text."""
    try:
        read(text)
    except Unfit:
        return False
    return True


def _all(read: Callable[[str], object], texts: Sequence[str]) -> bool:
    return all(reads(read, text) for text in texts)


def _ticks(_filled: list[str], normal: list[str], _title: str) -> Guess | None:
    words = {text.lower() for text in normal}
    known = words <= (TICKED | UNTICKED) - {"0", "1"}
    return Guess(FieldKind.CHECKBOX) if known and len(words) <= 2 else None


def _postal(filled: list[str], normal: list[str], title: str) -> Guess | None:
    written = all(_HYPHENATED.fullmatch(_DASHES.sub("-", text)) for text in normal)
    if (written or _POSTAL.search(title)) and _all(read_postal_code, filled):
        return Guess(FieldKind.POSTAL_CODE)
    return None


def _phone(filled: list[str], normal: list[str], title: str) -> Guess | None:
    divided = all("-" in _DASHES.sub("-", text)[1:] or text[:1] in "+(" for text in normal)
    if divided and _all(read_date, filled):
        return None  # 2026-11-21 could be dialled
    begins = all(text[:1] in ("0", "+", "(") for text in normal)
    if begins and (divided or _PHONE.search(title)) and _all(read_phone, filled):
        return Guess(FieldKind.PHONE)
    return None


def is_number(text: str) -> bool:
    """Tell whether a text may become a number: leading zeros make it a code (0120…, 〒)."""
    normal = unicodedata.normalize("NFKC", text).strip()
    digits = "".join(_PLAIN.findall(normal)).replace(",", "")
    whole, _, part = digits.partition(".")
    if not whole or len(whole) > LONGEST_NUMBER or _CODE.match(whole):
        return False
    return reads(decimal_reader(min(len(part), LARGEST_SCALE)), text)


def decimals(texts: Sequence[str]) -> int:
    """Return how many decimals the numbers among some texts have."""
    normal = (unicodedata.normalize("NFKC", text).strip() for text in texts)
    return _scale([text for text in normal if _NUMBER.fullmatch(text)] or [""])


def _scale(normal: list[str]) -> int:
    ends = (text.rstrip("円%)").partition(".")[2] for text in normal)
    return min(max(len(end) for end in ends), LARGEST_SCALE)


def _number(filled: list[str], normal: list[str], _title: str) -> Guess | None:
    scale = _scale(normal)
    if all(text.endswith("%") for text in normal):
        plain = [text.removesuffix("%").rstrip() for text in normal]
        return Guess(FieldKind.PERCENT, scale) if all(map(is_number, plain)) else None
    if any(map(_SIGN.search, normal)):
        fits = _all(money_reader("JPY", scale), filled) and not any(
            _CODE.match(text) for text in normal
        )
        return Guess(FieldKind.MONEY, scale) if fits else None
    if all(map(is_number, filled)):
        return Guess(FieldKind.DECIMAL, scale) if scale else Guess(FieldKind.INTEGER)
    return None


def _time(filled: list[str], normal: list[str], _title: str) -> Guess | None:
    if _all(read_day, filled):
        return Guess(FieldKind.DATE)
    if any(map(_CLOCK.search, normal)) and _all(lambda text: read_moment(text, HOME), filled):
        return Guess(FieldKind.DATE_TIME)
    if all(map(_UNITS.search, normal)) and _all(read_duration, filled):
        return Guess(FieldKind.DURATION)
    return None


def _reached(filled: list[str], normal: list[str], _title: str) -> Guess | None:
    if all("@" in text for text in normal) and _all(read_mail, filled):
        return Guess(FieldKind.EMAIL)
    if all(text.lower().startswith(("http://", "https://")) for text in normal):
        return Guess(FieldKind.URL) if _all(read_url, filled) else None
    if all(map(_PLACE.fullmatch, normal)) and _all(read_address, filled):
        return Guess(FieldKind.ADDRESS)
    return None


_KINDS: Final = (_ticks, _postal, _phone, _number, _time, _reached)
