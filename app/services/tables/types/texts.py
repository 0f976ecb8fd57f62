"""Texts: one line, many lines, and those that only look like numbers."""

import re
import unicodedata
from typing import Any, Final

from app.core.messages import mark
from app.files.errors import Unfit
from app.services.tables.fields import FieldInfo
from app.services.tables.models import FieldKind
from app.services.tables.types.base import Around, FieldType, Read

LONGEST_TEXT: Final = 1_000_000
"""Characters in one cell."""
LONGEST_UNIQUE: Final = 500
"""An index of PostgreSQL takes entries up to 2,704 bytes."""
LONGEST_ADDRESS: Final = 500

TOO_LONG: Final = mark("The text is longer than 1,000,000 characters.")
HAS_NUL: Final = mark("The text holds a NUL character.")
NOT_UNICODE: Final = mark("The text holds half of a character.")
TOO_LONG_UNIQUE: Final = mark("A text that occurs once only has up to 500 characters.")
NO_POSTAL_CODE: Final = mark("This is no postal code. Write seven digits, such as 100-0013.")
NO_ADDRESS: Final = mark("An address is one line of up to 500 characters.")

_HYPHENS: Final = re.compile("[-\u2010-\u2015\u2212\u30fc\uff70~]")
_SPACES: Final = re.compile(r"[ \t\u3000]+")


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


def read_unique_text(text: str) -> str:
    """Return a text that an index can hold."""
    if len(text) > LONGEST_UNIQUE:
        raise Unfit(TOO_LONG_UNIQUE)
    return read_text(text)


def read_postal_code(text: str) -> str:
    """Return 100-0013 for 〒１００ー００１３. Raise Unfit."""
    normal = unicodedata.normalize("NFKC", text[:40]).strip().removeprefix("〒")
    digits = _HYPHENS.sub("", normal).replace(" ", "")
    if len(digits) != 7 or not (digits.isascii() and digits.isdigit()):
        raise Unfit(NO_POSTAL_CODE)
    return f"{digits[:3]}-{digits[3:]}"


def read_address(text: str) -> str:
    """Return an address in one line, with single spaces. Raise Unfit."""
    line = _SPACES.sub(" ", read_text(text)).strip()
    if not line or len(line) > LONGEST_ADDRESS or not line.isprintable():
        raise Unfit(NO_ADDRESS)
    return line


class TextType(FieldType):
    """A text as it was typed."""

    kind = FieldKind.TEXT
    title = mark("Text")
    about = mark("A line of text: names, codes, numbers that are not reckoned with.")
    takes = FieldType.takes | {"unique"}

    def reader(self, field: FieldInfo, around: Around) -> Read:  # noqa: ARG002
        """Read a text."""
        return read_unique_text if field.settings.unique else read_text


class LongTextType(FieldType):
    """A text of many lines."""

    kind = FieldKind.LONG_TEXT
    title = mark("Long text")
    about = mark("Several lines: notes, descriptions.")

    def reader(self, field: FieldInfo, around: Around) -> Read:  # noqa: ARG002
        """Read a text."""
        return read_text


class PostalCodeType(FieldType):
    """A Japanese postal code."""

    kind = FieldKind.POSTAL_CODE
    title = mark("Postal code")
    about = mark("Seven digits, written 100-0013.")
    takes = FieldType.takes | {"unique"}

    def reader(self, field: FieldInfo, around: Around) -> Read:  # noqa: ARG002
        """Read a postal code."""
        return read_postal_code

    def words(self, field: FieldInfo, around: Around) -> Any:  # noqa: ANN401, ARG002
        """Write it with its sign where people read Japanese."""
        return "〒{}".format if around.language == "ja" else str


class AddressType(FieldType):
    """A postal address."""

    kind = FieldKind.ADDRESS
    title = mark("Postal address")
    about = mark("A postal address in one line.")

    def reader(self, field: FieldInfo, around: Around) -> Read:  # noqa: ARG002
        """Read an address."""
        return read_address
