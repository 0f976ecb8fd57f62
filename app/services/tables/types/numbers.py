"""Numbers, amounts of money, shares: exact, as value x 10^scale.

They are read as offices in Japan write them: full-width digits, 1,000, ¥ and 円, △ ▲ − and
(1,000) for what is less than nothing.
"""

import decimal
import functools
import re
import unicodedata
from collections.abc import Callable
from typing import Any, Final

import babel.numbers

from app.core.errors import InvalidInput
from app.core.messages import mark
from app.files.errors import Unfit
from app.services.tables.fields import LARGEST_SCALE, FieldInfo
from app.services.tables.models import FieldKind
from app.services.tables.types.base import Around, FieldType, Read, Storage, Stored, Value, Write

LARGEST: Final = 10**18 - 1
"""Eighteen digits fit both databases' 64-bit integers."""

NO_NUMBER: Final = mark("This is not a whole number.")
NO_DECIMAL: Final = mark("This is not a number.")
NO_MONEY: Final = mark("This is not an amount of money, such as 1,200 or ▲1,200.")
NO_PERCENT: Final = mark("This is not a percentage, such as 12.5%.")
OTHER_CURRENCY: Final = mark("The amount is in another currency than the field.")
TOO_LARGE: Final = mark("The number has more than 18 digits.")
TOO_FINE: Final = mark("The number has more decimals than the field keeps.")

_NUMBER: Final = re.compile(r"[¥]?([+-]?)[¥]?([0-9]+|[0-9]{1,3}(?:,[0-9]{3})+)(?:\.([0-9]*))?円?")
_PLAIN: Final = re.compile(r"(-?[0-9]+)(?:\.([0-9]*))?")
MOST_DIGITS: Final = 18
_SIGNS: Final = {
    "JPY": ("¥", "円"),
    "USD": ("$", "US$", "ドル", "米ドル"),
    "EUR": ("€", "ユーロ"),
    "GBP": ("£", "ポンド"),
    "CNY": ("元", "人民元", "CN¥"),
    "KRW": ("₩", "ウォン"),
}
CURRENCIES: Final = tuple(_SIGNS)
"""What a form offers; the API takes every code of ISO 4217."""


def _parts(text: str, reason: str) -> tuple[str, str, str]:
    """Return sign, whole digits and decimals of a number as people write it."""
    found = _NUMBER.fullmatch(text)
    if found is None:
        normal = unicodedata.normalize("NFKC", text).strip().replace("−", "-")
        if normal[:1] in ("△", "▲"):
            normal = "-" + normal[1:].strip()
        elif normal[:1] == "(" and normal[-1:] == ")" and normal[1:2] not in ("+", "-"):
            normal = "-" + normal[1:-1]
        found = _NUMBER.fullmatch(normal)
        if found is None:
            raise Unfit(reason)
    return found[1], found[2].replace(",", ""), found[3] or ""


def _bounded(digits: str) -> int:
    # the length first: reading a number of a million digits takes very long
    if len(digits.lstrip("+-0")) > MOST_DIGITS:
        raise Unfit(TOO_LARGE)
    return int(digits)


def read_integer(text: str) -> int:
    """Return a whole number. Raise Unfit."""
    sign, whole, decimals = _parts(text, NO_NUMBER)
    if decimals.strip("0"):
        raise Unfit(NO_NUMBER)
    return _bounded(sign + whole)


@functools.cache  # by scale: a dozen of them
def decimal_reader(scale: int, reason: str = NO_DECIMAL) -> Callable[[str], int]:
    """Return what reads a number with up to `scale` decimals, as value x 10^scale."""

    def read(text: str) -> int:
        # most numbers of a file are plain: one look tells, and nothing else has to be asked
        if found := _PLAIN.fullmatch(text):
            whole, decimals = found[1], found[2] or ""
            if len(decimals) <= scale and len(whole) + scale <= MOST_DIGITS:
                return int(whole + decimals.ljust(scale, "0"))
        sign, whole, decimals = _parts(text, reason)
        if len(decimals) > scale and decimals[scale:].strip("0"):
            raise Unfit(TOO_FINE)
        return _bounded(sign + whole + decimals[:scale].ljust(scale, "0"))

    return read


def write_decimal(stored: int, scale: int) -> str:
    """Return a decimal as text, without zeros that say nothing."""
    if not scale:
        return str(stored)
    digits = str(abs(stored)).rjust(scale + 1, "0")
    decimals = digits[-scale:].rstrip("0")
    whole = ("-" if stored < 0 else "") + digits[:-scale]
    return f"{whole}.{decimals}" if decimals else whole


@functools.cache
def money_reader(currency: str, scale: int) -> Callable[[str], int]:
    """Return what reads an amount of one currency, with its sign or without."""
    mine = (currency, *_SIGNS.get(currency, ()))
    others = [
        sign
        for code, signs in _SIGNS.items()
        for sign in (code, *signs)
        if code != currency and sign not in mine
    ]
    read = decimal_reader(scale, NO_MONEY)

    def amount(text: str) -> int:
        normal = unicodedata.normalize("NFKC", text[:100]).strip().replace("−", "-")
        for sign in sorted(mine, key=len, reverse=True):
            if sign in normal:
                return read(normal.replace(sign, "", 1).strip().replace("- ", "-"))
        if any(sign in normal for sign in others):
            raise Unfit(OTHER_CURRENCY)
        return read(text)

    return amount


class IntegerType(FieldType):
    """A whole number."""

    kind = FieldKind.INTEGER
    title = mark("Whole number")
    about = mark("Counts and quantities.")
    storage = Storage.INTEGER
    takes = FieldType.takes | {"unique", "least", "most"}
    is_number = True

    def reader(self, field: FieldInfo, around: Around) -> Read:  # noqa: ARG002
        """Read a whole number."""
        return read_integer

    def store(self, field: FieldInfo, value: Value, read: Read) -> Stored:
        """Take a number as it is."""
        if type(value) is int and -LARGEST <= value <= LARGEST and not field.settings.least:
            return value if not field.settings.most else read(str(value))
        return super().store(field, value, read)


class DecimalType(FieldType):
    """A number with decimals."""

    kind = FieldKind.DECIMAL
    title = mark("Decimal number")
    about = mark("Measures and rates; added up exactly.")
    storage = Storage.INTEGER
    takes = FieldType.takes | {"unique", "least", "most"}
    is_number = True
    has_scale = True
    reason = NO_DECIMAL

    def reader(self, field: FieldInfo, around: Around) -> Read:  # noqa: ARG002
        """Read a number."""
        return decimal_reader(field.scale, self.reason)

    def writer(self, field: FieldInfo, around: Around) -> Write:  # noqa: ARG002
        """Write it without zeros that say nothing."""
        return functools.partial(write_decimal, scale=field.scale)

    def shower(self, field: FieldInfo) -> Callable[[Any], Value] | None:
        """Give a text: no program rounds it."""
        return functools.partial(write_decimal, scale=field.scale)

    def check(self, field: FieldInfo) -> None:
        """Look at the decimals too."""
        if not 0 <= field.scale <= LARGEST_SCALE:
            reason = mark("A number keeps up to 12 decimals.")
            raise InvalidInput(field="scale", reason=reason)
        super().check(field)


class PercentType(DecimalType):
    """A share of a hundred: 12.5 is stored for 12.5 %."""

    kind = FieldKind.PERCENT
    title = mark("Percentage")
    about = mark("A share of a hundred, written 12.5%.")
    takes = FieldType.takes | {"least", "most"}

    def reader(self, field: FieldInfo, around: Around) -> Read:  # noqa: ARG002
        """Read a percentage with its sign or without."""
        read = decimal_reader(field.scale, NO_PERCENT)

        def percent(text: str) -> int:
            normal = unicodedata.normalize("NFKC", text[:100]).strip()
            return read(normal.removesuffix("%").rstrip()) if normal.endswith("%") else read(text)

        return percent

    def words(self, field: FieldInfo, around: Around) -> Write:  # noqa: ARG002
        """Write it with its sign and all decimals of the field."""
        return lambda stored: f"{_grouped(stored, field.scale)}%"


class MoneyType(DecimalType):
    """An amount of money in the field's currency."""

    kind = FieldKind.MONEY
    title = mark("Amount of money")
    about = mark("Prices and sums in one currency; added up exactly.")
    takes = FieldType.takes | {"least", "most", "currency"}

    def reader(self, field: FieldInfo, around: Around) -> Read:  # noqa: ARG002
        """Read an amount."""
        return money_reader(field.settings.currency, field.scale)

    def words(self, field: FieldInfo, around: Around) -> Write:
        """Write it with the sign of its currency."""
        sign = _sign(field.settings.currency, around.language)

        def written(stored: int) -> str:
            amount = _grouped(abs(stored), field.scale)
            return f"{'-' if stored < 0 else ''}{sign}{amount}"

        return written

    def check(self, field: FieldInfo) -> None:
        """Look at the currency too."""
        if field.settings.currency not in babel.numbers.list_currencies():
            reason = mark("There is no such currency. Write its code, such as JPY.")
            raise InvalidInput(field="settings.currency", reason=reason)
        super().check(field)


def usual_scale(currency: str) -> int:
    """Return the decimals that amounts of a currency have: none for the yen."""
    return int(babel.numbers.get_currency_precision(currency))


@functools.cache
def _sign(currency: str, language: str) -> str:
    sign = babel.numbers.get_currency_symbol(currency, locale=language)
    sign = unicodedata.normalize("NFKC", sign) if currency == "JPY" else sign
    return f"{sign} " if sign.isalpha() else sign


def _grouped(stored: int, scale: int) -> str:
    with decimal.localcontext(prec=40):
        return f"{decimal.Decimal(stored).scaleb(-scale):,.{scale}f}"
