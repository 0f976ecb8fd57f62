"""What is stored by an identifier and typed by a name: people, groups, records of a table."""

import re
from collections.abc import Callable
from typing import Any, Final

from app.core.errors import InvalidInput
from app.core.messages import mark, translate
from app.files.errors import Unfit
from app.services.tables.fields import FieldInfo
from app.services.tables.models import FieldKind
from app.services.tables.types.base import (
    Around,
    FieldType,
    Names,
    Read,
    Storage,
    Stored,
    Value,
    Write,
)

MOST_LINKS: Final = 1_000
"""Records that one record links to through one field."""
TOO_MANY: Final = mark("A record links to up to 1,000 records.")

UNSEEN: Final = mark("Not visible")
"""Of a linked record that the reader may not see."""

_BETWEEN: Final = re.compile(r"[;；\r\n]+")


class PersonType(FieldType):
    """An account."""

    kind = FieldKind.PERSON
    title = mark("Person with an account")
    about = mark("Somebody who has an account here: who is in charge, who asked.")
    asks = True
    special = frozenset({"me"})

    def reader(self, field: FieldInfo, around: Around) -> Read:  # noqa: ARG002
        """Read a login ID or a name."""
        return lambda text: _text(around.people.find(text))

    def writer(self, field: FieldInfo, around: Around) -> Write:  # noqa: ARG002
        """Write the name."""
        return around.people.name

    def names(self, field: FieldInfo, around: Around) -> Names:  # noqa: ARG002
        """Return the people."""
        return around.people

    def starts(self, field: FieldInfo, around: Around, read: Read) -> Stored:
        """Know who asks."""
        if field.settings.default == "me":
            return around.account or None
        return super().starts(field, around, read)


class GroupType(FieldType):
    """A group of people."""

    kind = FieldKind.GROUP
    title = mark("Group")
    about = mark("A department or a team.")
    asks = True

    def reader(self, field: FieldInfo, around: Around) -> Read:  # noqa: ARG002
        """Read a name."""
        return lambda text: _text(around.groups.find(text))

    def writer(self, field: FieldInfo, around: Around) -> Write:  # noqa: ARG002
        """Write the name."""
        return around.groups.name

    def names(self, field: FieldInfo, around: Around) -> Names:  # noqa: ARG002
        """Return the groups."""
        return around.groups


def _text(identifier: str | int) -> str:
    return str(identifier)


def _called(names: Names, number: int, language: str) -> str:
    """Return what a record is called; #12 where its first field is empty.

    Of a record that the reader may not see, not even that.
    """
    if not names.sees(number):
        return translate(language, UNSEEN)
    return names.name(number).partition(" ")[2] or f"#{number}"


def _needs_target(field: FieldInfo) -> None:
    if not field.settings.target:
        reason = mark("Choose the table that the field links to.")
        raise InvalidInput(field="settings.target", reason=reason)


class LinkType(FieldType):
    """A link to one record of a table."""

    kind = FieldKind.LINK
    title = mark("Link to one record")
    about = mark("A record of a table: the customer of an order.")
    storage = Storage.INTEGER
    takes = FieldType.takes - {"default"} | {"target"}
    asks = True
    importable = False

    def reader(self, field: FieldInfo, around: Around) -> Read:
        """Read the number of a record, or what stands in its first field."""
        names = around.records(field.settings.target)
        return lambda text: int(names.find(text))

    def writer(self, field: FieldInfo, around: Around) -> Write:
        """Write number and name: `12 Example Ltd.`."""
        return around.records(field.settings.target).name

    def names(self, field: FieldInfo, around: Around) -> Names:
        """Return the records."""
        return around.records(field.settings.target)

    def words(self, field: FieldInfo, around: Around) -> Write:
        """Write the name alone, where one may see it."""
        names = around.records(field.settings.target)
        return lambda stored: _called(names, stored, around.language)

    def check(self, field: FieldInfo) -> None:
        """Look for the table too."""
        _needs_target(field)
        super().check(field)


class LinksType(FieldType):
    """Links to records of a table."""

    kind = FieldKind.LINKS
    title = mark("Links to many records")
    about = mark("Records of a table: the people of a project.")
    storage = Storage.JUNCTION
    takes = FieldType.takes - {"default"} | {"target"}
    asks = True
    importable = False

    def reader(self, field: FieldInfo, around: Around) -> Read:
        """Read numbers or names with semicolons between them."""
        names: Names = around.records(field.settings.target)

        def read(text: str) -> str:
            parts = [part for part in _BETWEEN.split(text) if part.strip()]
            if len(parts) > MOST_LINKS:
                raise Unfit(TOO_MANY)
            return ",".join(dict.fromkeys(str(names.find(part)) for part in parts))

        return read

    def writer(self, field: FieldInfo, around: Around) -> Write:
        """Write numbers and names with semicolons between them."""
        names = around.records(field.settings.target)
        return lambda stored: "; ".join(names.name(int(one)) for one in stored.split(","))

    def names(self, field: FieldInfo, around: Around) -> Names:
        """Return the records."""
        return around.records(field.settings.target)

    def words(self, field: FieldInfo, around: Around) -> Write:
        """Write the names as people list them."""
        names = around.records(field.settings.target)
        between = "、" if around.language == "ja" else ", "
        return lambda stored: between.join(
            _called(names, int(one), around.language) for one in stored.split(",")
        )

    def shower(self, field: FieldInfo) -> Callable[[Any], Value] | None:  # noqa: ARG002
        """Give the numbers."""
        return lambda stored: [int(one) for one in stored.split(",")]

    def store(self, field: FieldInfo, value: Value, read: Read) -> Stored:  # noqa: ARG002
        """Take a list of numbers, or a text."""
        text = ";".join(map(str, value)) if isinstance(value, list) else str(value)
        return read(text) or None

    def check(self, field: FieldInfo) -> None:
        """Look for the table too."""
        _needs_target(field)
        super().check(field)
