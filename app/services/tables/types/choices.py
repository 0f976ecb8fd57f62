"""Choices: yes or no, one of several, some of several."""

import re
import unicodedata
from collections.abc import Callable
from typing import Any, Final

from app.core.errors import InvalidInput
from app.core.messages import mark, translate
from app.files.errors import Unfit
from app.services.tables.fields import FieldInfo
from app.services.tables.models import FieldKind
from app.services.tables.types.base import Around, FieldType, Read, Storage, Stored, Value, Write

TICKED: Final = frozenset({"true", "yes", "on", "1", "はい", "有", "○", "〇", "✓", "✔", "☑", "レ"})
UNTICKED: Final = frozenset({"false", "no", "off", "0", "いいえ", "無", "×", "✕", "☐"})

NO_TICK: Final = mark("This is neither yes nor no.")
NO_OPTION: Final = mark("This is not one of the choices of the field.")
NO_OPTIONS: Final = mark("One of these is not among the choices of the field.")
YES: Final = mark("yes")
NO: Final = mark("no")

_BETWEEN: Final = re.compile(r"[;；\r\n]+")
_BETWEEN_TOO: Final = re.compile(r"[、,，]+")


def same(text: str) -> str:
    """Return a name as choices are compared."""
    return unicodedata.normalize("NFKC", text).strip().casefold()


def read_checkbox(text: str) -> int:
    """Return 1 for a tick and 0 for none. Raise Unfit."""
    known = unicodedata.normalize("NFKC", text[:20]).strip().lower()
    if known in TICKED:
        return 1
    if known in UNTICKED:
        return 0
    raise Unfit(NO_TICK)


class CheckboxType(FieldType):
    """Yes or no."""

    kind = FieldKind.CHECKBOX
    title = mark("Yes or no")
    about = mark("Yes, no, or not answered yet.")
    storage = Storage.INTEGER

    def reader(self, field: FieldInfo, around: Around) -> Read:  # noqa: ARG002
        """Read ○ and ×, はい and いいえ."""
        return read_checkbox

    def writer(self, field: FieldInfo, around: Around) -> Write:  # noqa: ARG002
        """Write what spreadsheets take."""
        return lambda stored: "TRUE" if stored else "FALSE"

    def words(self, field: FieldInfo, around: Around) -> Write:  # noqa: ARG002
        """Write yes or no."""
        return lambda stored: translate(around.language, YES if stored else NO)

    def shower(self, field: FieldInfo) -> Callable[[Any], Value] | None:  # noqa: ARG002
        """Give true or false."""
        return bool

    def store(self, field: FieldInfo, value: Value, read: Read) -> Stored:
        """Take true and false as they are."""
        return int(value) if isinstance(value, bool) else super().store(field, value, read)


def _numbers(field: FieldInfo) -> dict[str, int]:
    return {same(one.name): one.id for one in field.settings.options if not one.gone}


def _names(field: FieldInfo) -> dict[int, str]:
    return {one.id: one.name for one in field.settings.options}


def _check_options(field: FieldInfo) -> None:
    options = field.settings.options
    live = [same(one.name) for one in options if not one.gone]
    if len(set(live)) != len(live):
        reason = mark("Two choices have the same name.")
        raise InvalidInput(field="settings.options", reason=reason)
    if len({one.id for one in options}) != len(options) or any(one.id < 1 for one in options):
        reason = mark("Two choices have the same number.")
        raise InvalidInput(field="settings.options", reason=reason)


class SelectType(FieldType):
    """One of several choices, by its number."""

    kind = FieldKind.SELECT
    title = mark("One choice")
    about = mark("One of several choices: a state, a category.")
    storage = Storage.INTEGER
    takes = FieldType.takes | {"options"}

    def reader(self, field: FieldInfo, around: Around) -> Read:  # noqa: ARG002
        """Read the name of a choice."""
        numbers = _numbers(field)

        def read(text: str) -> int:
            try:
                return numbers[same(text)]
            except KeyError as error:
                raise Unfit(NO_OPTION) from error

        return read

    def writer(self, field: FieldInfo, around: Around) -> Write:  # noqa: ARG002
        """Write the name of the choice."""
        names = _names(field)
        return lambda stored: names.get(stored, "")

    def shower(self, field: FieldInfo) -> Callable[[Any], Value] | None:
        """Give its name."""
        return _names(field).get

    def check(self, field: FieldInfo) -> None:
        """Look at the choices too."""
        _check_options(field)
        super().check(field)


class MultiSelectType(FieldType):
    """Some of several choices, by their numbers."""

    kind = FieldKind.MULTI_SELECT
    title = mark("Several choices")
    about = mark("Some of several choices: tags, skills. As text, with semicolons between them.")
    storage = Storage.JUNCTION
    takes = FieldType.takes | {"options"}

    def reader(self, field: FieldInfo, around: Around) -> Read:  # noqa: ARG002
        """Read names with semicolons between them; commas do where no name has one."""
        numbers = _numbers(field)

        def read(text: str) -> str:
            chosen: dict[int, None] = {}
            for part in _BETWEEN.split(text):
                pieces = [part] if same(part) in numbers else _BETWEEN_TOO.split(part)
                for piece in filter(str.strip, pieces):
                    number = numbers.get(same(piece))
                    if number is None:
                        raise Unfit(NO_OPTIONS)
                    chosen[number] = None
            return ",".join(map(str, chosen))

        return read

    def writer(self, field: FieldInfo, around: Around) -> Write:  # noqa: ARG002
        """Write the names with semicolons between them."""
        names = _names(field)
        return lambda stored: "; ".join(names.get(int(one), "") for one in stored.split(","))

    def words(self, field: FieldInfo, around: Around) -> Write:
        """Write the names as people list them."""
        write, between = self.writer(field, around), "、" if around.language == "ja" else ", "
        return lambda stored: write(stored).replace("; ", between)

    def shower(self, field: FieldInfo) -> Callable[[Any], Value] | None:
        """Give the names."""
        names = _names(field)
        return lambda stored: [names.get(int(one), "") for one in stored.split(",")]

    def store(self, field: FieldInfo, value: Value, read: Read) -> Stored:  # noqa: ARG002
        """Take a list of names, or a text."""
        if isinstance(value, list):
            return read(";".join(map(str, value))) or None
        return read(str(value)) or None

    def check(self, field: FieldInfo) -> None:
        """Look at the choices too."""
        _check_options(field)
        super().check(field)
