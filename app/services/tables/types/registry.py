"""Every type of field, by its kind; and what the engine asks of any of them."""

import functools
from collections.abc import Callable
from typing import Any, Final

from app.core.errors import InvalidInput
from app.core.messages import mark
from app.files.errors import Unfit
from app.services.tables.fields import FieldInfo
from app.services.tables.models import FieldKind
from app.services.tables.types import (
    automatic,
    choices,
    contacts,
    named,
    numbers,
    texts,
    times,
)
from app.services.tables.types.base import (
    FILLED_BY_APPLIANCE,
    NOWHERE,
    Around,
    FieldType,
    Read,
    Storage,
    Stored,
    Value,
    Write,
)

TYPES: Final[dict[FieldKind, FieldType]] = {
    one.kind: one
    for one in (
        texts.TextType(),
        texts.LongTextType(),
        numbers.IntegerType(),
        numbers.DecimalType(),
        numbers.MoneyType(),
        numbers.PercentType(),
        times.DateType(),
        times.DateTimeType(),
        times.DurationType(),
        choices.CheckboxType(),
        choices.SelectType(),
        choices.MultiSelectType(),
        named.PersonType(),
        named.GroupType(),
        contacts.EmailType(),
        contacts.PhoneType(),
        contacts.UrlType(),
        texts.PostalCodeType(),
        texts.AddressType(),
        named.LinkType(),
        named.LinksType(),
        automatic.AutoNumberType(),
        automatic.CreatedAtType(),
        automatic.CreatedByType(),
        automatic.UpdatedAtType(),
        automatic.UpdatedByType(),
    )
}

TOO_SMALL: Final = mark("The value is smaller than the field allows.")
TOO_GREAT: Final = mark("The value is larger than the field allows.")
MUST_BE_FILLED: Final = mark("The field must be filled.")
IS_TAKEN: Final = mark("Another record holds the same value, and the field allows it once only.")


def type_of(field: FieldInfo) -> FieldType:
    """Return the type of a field."""
    return TYPES[field.kind]


def is_text(field: FieldInfo) -> bool:
    """Tell whether what is stored in a row of the table itself is a text."""
    if field.kind in (FieldKind.CREATED_BY, FieldKind.UPDATED_BY):
        return True
    return TYPES[field.kind].storage is Storage.TEXT


def is_many(field: FieldInfo) -> bool:
    """Tell whether its values lie in a table of their own."""
    return TYPES[field.kind].storage is Storage.JUNCTION


def has_column(field: FieldInfo) -> bool:
    """Tell whether its values lie in a column of its own."""
    return TYPES[field.kind].storage in (Storage.INTEGER, Storage.TEXT)


def reader_of(field: FieldInfo, around: Around = NOWHERE) -> Read:
    """Return what turns a text that is not empty into what is stored; it raises Unfit."""
    plain = TYPES[field.kind].reader(field, around)
    least, most = field.settings.least, field.settings.most
    if not least and not most:
        return plain
    low: Any = plain(least) if least else None
    high: Any = plain(most) if most else None

    def read(text: str) -> str | int:
        stored: Any = plain(text)
        if low is not None and stored < low:
            raise Unfit(TOO_SMALL)
        if high is not None and stored > high:
            raise Unfit(TOO_GREAT)
        return stored  # type: ignore[no-any-return]

    return read


def writer_of(field: FieldInfo, around: Around = NOWHERE) -> Write:
    """Return what turns a stored value into the text of an export or a search."""
    return TYPES[field.kind].writer(field, around)


def words_of(field: FieldInfo, around: Around) -> Write:
    """Return what turns a stored value into the text that people see."""
    return TYPES[field.kind].words(field, around)


def shower_of(field: FieldInfo) -> Callable[[Any], Value] | None:
    """Return what turns a stored value into the one that the API gives; None where it is that."""
    return TYPES[field.kind].shower(field)


def depends(field: FieldInfo) -> bool:
    """Tell whether a value's text depends on who types or reads it."""
    found = TYPES[field.kind]
    return found.asks or found.timed


@functools.lru_cache(maxsize=1024)
def _plain_reader(field: FieldInfo) -> Read:
    return reader_of(field)


@functools.lru_cache(maxsize=256)
def plain_writers(fields: tuple[FieldInfo, ...]) -> list[Write] | None:
    """Return what writes the texts of fields that depend on nobody; None where one does."""
    if any(map(depends, fields)):
        return None
    return [writer_of(field) for field in fields]


@functools.lru_cache(maxsize=256)
def plain_words(fields: tuple[FieldInfo, ...], language: str) -> list[Write] | None:
    """Return what writes the words of fields that depend on nobody; None where one does."""
    if any(map(depends, fields)):
        return None
    around = Around(language=language)
    return [words_of(field, around) for field in fields]


def store(field: FieldInfo, value: Value, around: Around = NOWHERE) -> Stored:
    """Return what is stored for a value from the API or a form. Raise Unfit."""
    found = TYPES[field.kind]
    if found.by_appliance:
        raise Unfit(FILLED_BY_APPLIANCE)
    if value is None or value in ("", []):
        return None
    read = reader_of(field, around) if depends(field) else _plain_reader(field)
    stored = found.store(field, value, read)
    return None if stored == "" else stored


def show(field: FieldInfo, stored: Stored) -> Value:
    """Return a stored value as the API gives it."""
    shower = shower_of(field)
    return stored if stored is None or shower is None else shower(stored)


def start_of(field: FieldInfo, around: Around) -> Stored:
    """Return what a new record holds where nothing was typed. Raise Unfit."""
    return TYPES[field.kind].starts(field, around, reader_of(field, around))


def check(field: FieldInfo) -> None:
    """Raise InvalidInput where the settings of a field make no sense."""
    TYPES[field.kind].check(field)
    given = field.settings
    if given.least and given.most:
        plain = TYPES[field.kind].reader(field, NOWHERE)
        low, high = plain(given.least), plain(given.most)
        if low > high:  # type: ignore[operator]
            reason = mark("The smallest value is above the largest.")
            raise InvalidInput(field="settings.least", reason=reason)
