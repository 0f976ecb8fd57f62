"""Ways to reach somebody: mail, telephone, the web."""

import re
import unicodedata
import urllib.parse
from typing import TYPE_CHECKING, Final

from app.core.messages import mark
from app.files.errors import Unfit
from app.mail.addresses import is_address
from app.services.tables.fields import FieldInfo
from app.services.tables.models import FieldKind
from app.services.tables.types.base import Around, FieldType, Read

if TYPE_CHECKING:
    import phonenumbers

HOME: Final = "JP"
"""Numbers without + are of this country."""
LONGEST_URL: Final = 2000

NO_MAIL: Final = mark("This is no e-mail address, such as name@example.co.jp.")
NO_PHONE: Final = mark("This is no phone number. Write it with its area code: 03-1234-5678.")
NO_URL: Final = mark("This is no web address. It begins with https:// or http://.")

_PHONE: Final = re.compile(r"[0-9+(). /-]+(?:(?:内線|EXT\.?|#) ?[:：]?[0-9]{1,7})?")
_EXTENSION: Final = re.compile(r" *(?:内線|EXT\.?|#) ?[:：]?")
_HYPHENS: Final = re.compile("[\u2010-\u2015\u2212\u30fc\uff70]")
_HOST: Final = re.compile(r"[\w.-]+\.[\w-]+(?::[0-9]+)?(?:[/?#].*)?", re.ASCII)


def read_mail(text: str) -> str:
    """Return an address, its domain in small letters. Raise Unfit."""
    normal = unicodedata.normalize("NFKC", text[:300]).strip()
    name, at, domain = normal.rpartition("@")
    address = f"{name}{at}{domain.lower()}"
    if not is_address(address):
        raise Unfit(NO_MAIL)
    return address


def read_phone(text: str) -> str:
    """Return 03-1234-5678 for ０３（１２３４）５６７８, +1 650-253-0000 for abroad. Raise Unfit.

    The rules are Google's libphonenumber's: where an area code ends is no pattern but a list.
    Whether a number is in use changes faster than any list, so its length alone is held to.
    """
    import phonenumbers  # noqa: PLC0415 - a thirtieth of each start, on the console too

    normal = _HYPHENS.sub("-", unicodedata.normalize("NFKC", text[:60])).strip(" '").upper()
    if not _PHONE.fullmatch(normal):
        raise Unfit(NO_PHONE)
    number, _, extension = _EXTENSION.sub("#", normal).partition("#")
    try:
        found = phonenumbers.parse(number, HOME)
    except phonenumbers.NumberParseException as error:
        raise Unfit(NO_PHONE) from error
    at_home = found.country_code == phonenumbers.country_code_for_region(HOME)
    fits = not at_home or len(str(found.national_number)) in (9, 10)
    if not (phonenumbers.is_possible_number(found) and fits):
        raise Unfit(NO_PHONE)
    written = _written(found, number)
    return f"{written} 内線{extension}" if extension else written


def _written(found: "phonenumbers.PhoneNumber", typed: str) -> str:
    """Return a number as it is written in Japan. Three groups stay as somebody typed them."""
    import phonenumbers  # noqa: PLC0415

    form = phonenumbers.PhoneNumberFormat
    if found.country_code != phonenumbers.country_code_for_region(HOME):
        return str(phonenumbers.format_number(found, form.INTERNATIONAL))
    groups = re.findall("[0-9]+", typed)
    if len(groups) == 3 and not typed.startswith("+"):
        return "-".join(groups)
    return str(phonenumbers.format_number(found, form.NATIONAL))


def read_url(text: str) -> str:
    """Return an address of the web; nothing that a browser would run. Raise Unfit."""
    address = text.strip()
    if len(address) > LONGEST_URL or not address.isprintable() or " " in address:
        raise Unfit(NO_URL)
    if _HOST.fullmatch(address):
        address = f"https://{address}"
    try:
        parts = urllib.parse.urlsplit(address)
        known = parts.scheme in ("http", "https") and parts.hostname and (parts.port or 1)
        address.encode()
    except ValueError as error:
        raise Unfit(NO_URL) from error
    if not known or "\\" in address or parts.username is not None:
        raise Unfit(NO_URL)
    return address


class EmailType(FieldType):
    """An e-mail address."""

    kind = FieldKind.EMAIL
    title = mark("E-mail address")
    about = mark("An address that mail can be sent to.")
    takes = FieldType.takes | {"unique"}

    def reader(self, field: FieldInfo, around: Around) -> Read:  # noqa: ARG002
        """Read an address."""
        return read_mail


class PhoneType(FieldType):
    """A telephone number."""

    kind = FieldKind.PHONE
    title = mark("Phone number")
    about = mark("Written as one dials it in Japan; numbers abroad begin with +.")
    takes = FieldType.takes | {"unique"}

    def reader(self, field: FieldInfo, around: Around) -> Read:  # noqa: ARG002
        """Read a number."""
        return read_phone


class UrlType(FieldType):
    """An address of the web."""

    kind = FieldKind.URL
    title = mark("Web address")
    about = mark("A page on the web; one click opens it.")

    def reader(self, field: FieldInfo, around: Around) -> Read:  # noqa: ARG002
        """Read an address."""
        return read_url
