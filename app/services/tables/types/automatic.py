"""What the appliance fills by itself: running numbers, who and when."""

import datetime as dt
import re
from typing import Final

from app.core.errors import InvalidInput
from app.core.messages import mark
from app.files.errors import Unfit
from app.services.tables.fields import FieldInfo
from app.services.tables.models import FieldKind
from app.services.tables.types.base import (
    FILLED_BY_APPLIANCE,
    Around,
    FieldType,
    Read,
    Storage,
    Stored,
    Value,
)
from app.services.tables.types.named import PersonType
from app.services.tables.types.texts import read_unique_text
from app.services.tables.types.times import DateTimeType

_PLACES: Final = re.compile(r"\{(0+|yyyy|yy|mm|dd)\}")
_DIGITS: Final = re.compile(r"\{0+\}")


def number_text(pattern: str, number: int, day: dt.date) -> str:
    """Return a number as the pattern writes it: `A-{yyyy}-{0000}` → A-2026-0012."""
    parts = {
        "yyyy": f"{day.year:04d}",
        "yy": f"{day.year % 100:02d}",
        "mm": f"{day.month:02d}",
        "dd": f"{day.day:02d}",
    }

    def written(found: re.Match[str]) -> str:
        return parts.get(found[1]) or str(number).rjust(len(found[1]), "0")

    return _PLACES.sub(written, pattern)


def period_of(restart: str, day: dt.date) -> str:
    """Return the period in which a number is counted; empty where counting never starts anew."""
    return {"year": f"{day.year}", "month": f"{day.year}-{day.month:02d}"}.get(restart, "")


class AutoNumberType(FieldType):
    """A running number. Given once; a later pattern does not change it."""

    kind = FieldKind.AUTONUMBER
    title = mark("Running number")
    about = mark("Counted by the appliance, without gaps: R-2026-0001.")
    takes = frozenset({"hidden", "help", "pattern", "restart"})
    by_appliance = True
    timed = True  # the year that is written begins where the person is
    importable = False

    def reader(self, field: FieldInfo, around: Around) -> Read:  # noqa: ARG002
        """Read a number as it was written: to look for it."""
        return read_unique_text

    def store(self, field: FieldInfo, value: Value, read: Read) -> Stored:  # noqa: ARG002
        """Refuse: nobody writes it."""
        raise Unfit(FILLED_BY_APPLIANCE)

    def check(self, field: FieldInfo) -> None:
        """Look at the pattern too."""
        pattern, restart = field.settings.pattern, field.settings.restart
        if len(_DIGITS.findall(pattern)) != 1 or re.search("[{}]", _PLACES.sub("", pattern)):
            reason = mark("The pattern needs one place for the number, such as R-{yyyy}-{0000}.")
            raise InvalidInput(field="settings.pattern", reason=reason)
        needed = {"year": ("{yy",), "month": ("{yy", "{mm}")}.get(restart, ())
        if not pattern.isprintable() or not all(part in pattern for part in needed):
            reason = mark("Numbers that begin anew need year, or year and month, in the pattern.")
            raise InvalidInput(field="settings.pattern", reason=reason)
        super().check(field)


class _Told(FieldType):
    """What every row has: shown as a field."""

    storage = Storage.NONE
    takes = frozenset({"hidden", "help"})
    by_appliance = True
    importable = False

    def store(self, field: FieldInfo, value: Value, read: Read) -> Stored:  # noqa: ARG002
        """Refuse: nobody writes it."""
        raise Unfit(FILLED_BY_APPLIANCE)


class _ToldMoment(_Told, DateTimeType):
    """A moment that every row has."""

    shown = 60_000


class _ToldPerson(_Told, PersonType):
    """An account that every row has."""


class CreatedAtType(_ToldMoment):
    """When a record was made."""

    kind = FieldKind.CREATED_AT
    title = mark("Made at")
    about = mark("When the record was made.")


class UpdatedAtType(_ToldMoment):
    """When a record was changed last."""

    kind = FieldKind.UPDATED_AT
    title = mark("Changed at")
    about = mark("When the record was changed last.")


class CreatedByType(_ToldPerson):
    """Who made a record."""

    kind = FieldKind.CREATED_BY
    title = mark("Made by")
    about = mark("Who made the record.")


class UpdatedByType(_ToldPerson):
    """Who changed a record last."""

    kind = FieldKind.UPDATED_BY
    title = mark("Changed by")
    about = mark("Who changed the record last.")
