"""One row of the list as a person: every cell read, or the reason why it cannot be. Pure."""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import msgspec

from app.core.messages import mark, translate
from app.files.csv_reading import Record
from app.files.csv_writing import neutral
from app.files.dates import read_date
from app.files.errors import Unfit
from app.identity import login_ids
from app.identity.account_rows import ACTIVE, SUSPENDED
from app.identity.errors import UnsuitableLoginId
from app.identity.roles import NAMES, Role
from app.people.columns import KEYS, LABELS, Column

NO_NAME: Final = mark("The name is missing.")
NO_KEY: Final = mark("Employee number and login ID are both missing.")
BAD_NAME: Final = mark("A name has up to 128 characters, and no line break.")
BAD_NUMBER: Final = mark("An employee number has up to 64 characters, and no spaces.")
BAD_LOGIN_ID: Final = mark("A login ID has up to 64 letters, digits and the signs . _ - @ +")
BAD_MAIL: Final = mark("This is no e-mail address.")
BAD_LANGUAGE: Final = mark("Write ja or en.")
BAD_STATE: Final = mark("Write active or suspended (在籍, 休職).")
BAD_ROLE: Final = mark("There is no such role.")
BAD_PATH: Final = mark("A department is written from the top, with / between: 営業本部/営業一課.")
CIRCLE: Final = mark("The department stands above itself.")

LONGEST_NAME: Final = 128
LONGEST_MAIL: Final = 254
DEEPEST: Final = 12
"""Levels of departments."""
_CONTROL: Final = re.compile("[\x00-\x1f\x7f]")
_MAIL: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
_BETWEEN_ROLES: Final = re.compile(r"[,、;\n]+")

Path = tuple[str, ...]
"""A department by the names from the top down to it."""


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """A row that does not fit, and why."""

    row: int
    """Number of the row in the file."""
    column: str = ""
    """Which column; empty: the whole row."""
    value: str = ""
    """What stands there."""
    reason: str
    """English text of the catalogue."""
    told: dict[str, str] = {}
    """What the reason names."""

    def explain(self, language: str) -> str:
        """Return the reason in `language`."""
        return translate(language, self.reason, **self.told)

    def place(self, language: str) -> str:
        """Return the name of the column in `language`."""
        return translate(language, LABELS[Column(self.column)]) if self.column else ""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """What a row says about a person; None where it says nothing."""

    row: int
    employee_number: str = ""
    login_id: str = ""
    """Folded."""
    name: str = ""
    department: Path | None = None
    head: str = ""
    """Key of the head of the department, or HEADS: this person is."""
    mail: str | None = None
    leaves_on: str | None = None
    language: str | None = None
    roles: frozenset[str] | None = None
    state: str | None = None


HEADS: Final = "\0heads"
_YES: Final = frozenset({"○", "〇", "◯", "はい", "yes", "true", "*", "●", "◎"})


def normal(text: str) -> str:
    """Return a text as it is compared: one width (NFKC), no outer spaces."""
    return unicodedata.normalize("NFKC", text).strip()


def _number(text: str) -> str:
    number = normal(text)
    if len(number) > login_ids.LONGEST or re.search(r"\s", number) or _CONTROL.search(number):
        raise Unfit(BAD_NUMBER)
    return number


def _login_id(text: str) -> str:
    try:
        return login_ids.check(text)
    except UnsuitableLoginId as error:
        raise Unfit(BAD_LOGIN_ID) from error


def _name(text: str) -> str:
    name = " ".join(text.split(" ")).strip()
    if len(name) > LONGEST_NAME or _CONTROL.search(name):
        raise Unfit(BAD_NAME)
    return name


def _department(text: str) -> Path:
    parts = tuple(" ".join(part.split()) for part in re.split("[/／]", text.strip(" /／")))
    if not all(parts) or len(parts) > DEEPEST or any(len(part) > LONGEST_NAME for part in parts):
        raise Unfit(BAD_PATH)
    if len(set(parts)) < len(parts):
        raise Unfit(CIRCLE)
    return parts


def _head(text: str) -> str:
    return HEADS if text.strip().casefold() in _YES else normal(text)


def _mail(text: str) -> str:
    mail = normal(text)
    if len(mail) > LONGEST_MAIL or not _MAIL.fullmatch(mail) or _CONTROL.search(mail):
        raise Unfit(BAD_MAIL)
    return mail


def _date(text: str) -> str:
    return read_date(text.strip().removesuffix(" 00:00:00"))


def _words(known: Mapping[str, str], reason: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        try:
            return known[normal(text).casefold()]
        except KeyError as error:
            raise Unfit(reason) from error

    return read


def _each(value: str, words: str) -> dict[str, str]:
    return dict.fromkeys(words.split(), value)


_LANGUAGES: Final = {**_each("ja", "ja 日本語 japanese"), **_each("en", "en 英語 english")}
_STATES: Final = {
    **_each(ACTIVE, "active 在籍 有効 在職 復職"),
    **_each(SUSPENDED, "suspended 停止 休職 休止 無効"),
}
_ROLES: Final = {
    word.casefold(): role.value
    for role in Role
    for word in (role.value, NAMES[role], translate("ja", NAMES[role]))
}


def role_words(own: Mapping[str, str]) -> dict[str, str]:
    """Return how a list may name each role; `own` are the company's: identifier → name.

    A name that two roles share, but for case and width, names neither of them.
    """
    folded = [(normal(name).casefold(), role) for role, name in own.items()]
    times = Counter(word for word, _ in folded)
    return {word: role for word, role in folded if times[word] == 1} | _ROLES


def _roles(words: Mapping[str, str]) -> Callable[[str], frozenset[str]]:
    role = _words(words, BAD_ROLE)

    def read(text: str) -> frozenset[str]:
        if normal(text).casefold() in words:  # a name may hold a sign that stands between roles
            return frozenset({role(text)})
        parts = _BETWEEN_ROLES.split(normal(text))
        return frozenset(role(part) for part in parts if part.strip())

    return read


READERS: Final[dict[Column, Callable[[str], Any]]] = {
    Column.EMPLOYEE_NUMBER: _number,
    Column.LOGIN_ID: _login_id,
    Column.NAME: _name,
    Column.DEPARTMENT: _department,
    Column.HEAD: _head,
    Column.MAIL: _mail,
    Column.LEAVES_ON: _date,
    Column.LANGUAGE: _words(_LANGUAGES, BAD_LANGUAGE),
    Column.STATE: _words(_STATES, BAD_STATE),
}
FIELDS: Final = {Column.ROLE: "roles"}
EMPTIED: Final = (Column.MAIL, Column.LEAVES_ON)
"""Where an empty cell says that there is none. Elsewhere it says nothing."""


def plain(cell: str) -> str:
    """Return a cell without the apostrophe that keeps spreadsheets from running it."""
    return cell[1:] if cell[:1] == "'" and neutral(cell[1:]) == cell else cell


def read_entry(
    record: Record, columns: Sequence[Column | None], roles: Mapping[str, str] = _ROLES
) -> tuple[Entry, list[Fault]]:
    """Return what a row says, and what of it cannot be read; `roles` is of `role_words`."""
    readers = READERS | {Column.ROLE: _roles(roles)}
    if record.reason:
        return Entry(row=record.number), [Fault(row=record.number, reason=record.reason)]
    values: dict[str, Any] = {}
    faults = []
    for place, column in enumerate(columns):
        if column is None:
            continue
        cell = plain(record.cells[place]).strip() if place < len(record.cells) else ""
        if not cell:
            if column in EMPTIED:
                values[column.value] = ""
            continue
        try:
            values[FIELDS.get(column, column.value)] = readers[column](cell)
        except Unfit as unfit:
            faults.append(
                Fault(row=record.number, column=column, value=cell[:200], reason=unfit.reason)
            )
    entry = Entry(row=record.number, **values)
    if not faults and not (entry.employee_number or entry.login_id):
        column = next(key for key in KEYS if key in columns)
        faults.append(Fault(row=record.number, column=column, reason=NO_KEY))
    return entry, faults
