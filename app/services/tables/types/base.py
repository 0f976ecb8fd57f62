"""What a type of field is.

Everything is stored as one of four kinds: INTEGER, TEXT, a junction
table for what is many, or nothing of its own. In rows the engine works with, a junction's numbers
are a text: `3,1,7`.
"""

import datetime as dt
import enum
import zoneinfo
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Final, Protocol

from msgspec import Meta

from app.core.errors import InvalidInput
from app.core.messages import mark
from app.files.errors import Unfit
from app.services.tables.fields import PLAIN, FieldInfo, Settings
from app.services.tables.models import FieldKind

HOME: Final = zoneinfo.ZoneInfo("Asia/Tokyo")
Stored = str | int | None
Item = Annotated[str, Meta(max_length=1_000)] | int
Value = str | int | float | bool | Annotated[list[Item], Meta(max_length=1_000)] | None
"""A value as the API takes and gives it; decimals are texts, so that none is rounded."""
Read = Callable[[str], str | int]
"""Turns a text that is not empty into what is stored; raises Unfit."""
Write = Callable[[Any], str]
"""Turns what is stored into a text."""

FILLED_BY_APPLIANCE: Final = mark("The appliance fills this field. Leave it out.")


class Storage(enum.Enum):
    """How values lie in the database."""

    INTEGER = "integer"
    TEXT = "text"
    JUNCTION = "junction"
    """Rows (a, b, pos): of the record a, number b, in the order of pos."""
    NONE = "none"
    """It shows a column that every row has."""


class Names(Protocol):
    """Things that are stored by an identifier and typed by a name: people, groups, records."""

    def find(self, text: str) -> str | int:
        """Return the identifier of what a text names. Raise Unfit: none, or more than one."""

    def name(self, identifier: Any) -> str:  # noqa: ANN401 - a text or a number
        """Return a text that `find` reads back."""

    def load(self, identifiers: Sequence[Any]) -> None:
        """Fetch the names of many at once."""

    def sees(self, identifier: Any) -> bool:  # noqa: ANN401
        """Tell whether the reader may know what is called so."""

    def some(self, text: str, limit: int) -> list[str]:
        """Return names that hold a text, as `find` reads them."""


class _Nobody:
    """Names where there are none: in tests, and where a type needs none."""

    def find(self, text: str) -> str | int:  # noqa: ARG002
        raise Unfit(mark("There is nothing of that name."))

    def name(self, identifier: object) -> str:
        return str(identifier)

    def load(self, identifiers: Sequence[object]) -> None: ...

    def sees(self, identifier: object) -> bool:  # noqa: ARG002
        return True

    def some(self, text: str, limit: int) -> list[str]:  # noqa: ARG002
        return []


NOBODY: Final[Names] = _Nobody()


@dataclass(frozen=True)
class Around:
    """Who types or reads, where and when: what the meaning of a text depends on."""

    language: str = "ja"
    zone: dt.tzinfo = HOME
    account: str = ""
    now: int = 0
    people: Names = NOBODY
    groups: Names = NOBODY
    records: Callable[[int], Names] = lambda _table: NOBODY
    """Names of the records of a table, by its number."""

    @property
    def today(self) -> str:
        """Today where the person is."""
        return dt.datetime.fromtimestamp(self.now / 1000, self.zone).date().isoformat()


NOWHERE: Final = Around()
"""For types that do not ask."""


class FieldType:
    """One type of field. Subclasses say what differs."""

    kind: ClassVar[FieldKind]
    title: ClassVar[str]
    """What people call the type."""
    about: ClassVar[str]
    """What it is for, in a sentence."""
    storage: ClassVar[Storage] = Storage.TEXT
    takes: ClassVar[frozenset[str]] = frozenset({"required", "hidden", "help", "default"})
    """Settings that make sense for it."""
    by_appliance: ClassVar[bool] = False
    """Nobody writes to it."""
    importable: ClassVar[bool] = True
    """A file's column may become one without being told more."""
    is_number: ClassVar[bool] = False
    """Stands to the right in a column, and is added up."""
    has_scale: ClassVar[bool] = False
    """Keeps a chosen number of decimals."""
    asks: ClassVar[bool] = False
    """A text means something only to who knows people, groups or records."""
    timed: ClassVar[bool] = False
    """A text means something else in another time zone."""
    special: ClassVar[frozenset[str]] = frozenset()
    """Words that a default may be besides a value."""

    def reader(self, field: FieldInfo, around: Around) -> Read:
        """Return what reads texts as people type them."""
        raise NotImplementedError

    def writer(self, field: FieldInfo, around: Around) -> Write:  # noqa: ARG002
        """Return what writes the text of an export and a search: the reader reads it back."""
        return str

    def names(self, field: FieldInfo, around: Around) -> Names:  # noqa: ARG002
        """Return the things that a value may be, where they are called by names."""
        return NOBODY

    def words(self, field: FieldInfo, around: Around) -> Write:
        """Return what writes a value for people, in their language and zone."""
        return self.writer(field, around)

    def shower(self, field: FieldInfo) -> Callable[[Any], Value] | None:  # noqa: ARG002
        """Return what gives the API's value; None where that is what is stored."""
        return None

    def store(self, field: FieldInfo, value: Value, read: Read) -> Stored:  # noqa: ARG002
        """Return what is stored for a value of the API or of a form. Raise Unfit."""
        if isinstance(value, list):
            raise Unfit(mark("The field takes one value, not a list."))
        if isinstance(value, bool):
            return read("true" if value else "false")
        return read(format(value, "f") if isinstance(value, float) else str(value))

    def starts(self, field: FieldInfo, around: Around, read: Read) -> Stored:  # noqa: ARG002
        """Return what a new record holds where nothing was typed."""
        return read(field.settings.default) if field.settings.default else None

    def check(self, field: FieldInfo) -> None:
        """Raise InvalidInput where the settings make no sense for this type."""
        for name in Settings.__struct_fields__:
            if name not in self.takes and getattr(field.settings, name) != getattr(PLAIN, name):
                reason = mark("This type of field does not take it. Leave it out.")
                raise InvalidInput(field=f"settings.{name}", reason=reason)
        if field.scale and not self.has_scale:
            raise InvalidInput(field="scale", reason=mark("Only numbers keep decimals."))
        read = self.reader(field, NOWHERE)
        given = field.settings
        texts = {"least": given.least, "most": given.most}
        if not self.asks and given.default not in self.special:
            texts["default"] = given.default
        for name, text in texts.items():
            if not text:
                continue
            try:
                read(text)
            except Unfit as unfit:
                raise InvalidInput(field=f"settings.{name}", reason=unfit.reason) from unfit
