"""Rows of a file and records that are there: which are added, which are changed, which fit nowhere.

The same plan is shown to a person before (dry run) and carried out by the job afterwards.
"""

import enum
from collections.abc import Sequence
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta
from sqlalchemy import select
from sqlmodel import Session

from app.core.doors import dialect_of
from app.core.errors import InvalidInput
from app.core.messages import mark
from app.files.csv_reading import Record
from app.services.tables.conditions import NO_FIELD
from app.services.tables.fields import FieldInfo
from app.services.tables.importing import Converter, Rejection, reject
from app.services.tables.physical import FIRST_VALUE, SHOWN_COLUMNS, TableInfo
from app.services.tables.reach import Reach
from app.services.tables.statements import statements
from app.services.tables.types.base import FILLED_BY_APPLIANCE, Around, Stored
from app.services.tables.types.registry import MUST_BE_FILLED, has_column, type_of
from app.services.tables.uniqueness import check_unique
from app.services.tables.within_reach import READ_ONLY, UNSEEN
from app.services.tables.writing import IS_CHANGING, with_starts

NO_KEY: Final = mark("The cell by which records are found is empty.")
NOT_THERE: Final = mark("There is no record of this key.")
TWICE_THERE: Final = mark("More than one record has this key.")
TWICE_IN_FILE: Final = mark("A row above has the same key.")
TWICE: Final = mark("Two columns are meant for the same field.")
NO_COLUMN: Final = mark("Choose a column of the file for the field that records are found by.")
NEEDS_KEY: Final = mark("Choose the field by which records are found.")
CANNOT_FIND: Final = mark("Records cannot be found by a field of this type.")
AT_ONCE: Final = 500
"""Keys in one list of a statement."""


class Mode(enum.StrEnum):
    """What becomes of the rows of a file."""

    ADD = "add"
    """All are new; with a key, those that are there already stay as they are."""
    UPDATE = "update"
    """All are there; others are rejected."""
    BOTH = "both"
    """Those that are there are changed, the others added."""


class How(msgspec.Struct, frozen=True, kw_only=True):
    """How rows of a file meet the records of a table."""

    fields: Annotated[
        tuple[int, ...],
        Meta(
            description="Number of the field of each column of the file; 0: it is left out.",
            max_length=500,
        ),
    ]
    key: Annotated[
        int, Meta(description="Number of the field by which records are found; 0: none.", ge=0)
    ] = 0
    mode: Annotated[Mode, Meta(description="What becomes of the rows.")] = Mode.ADD
    clear: Annotated[
        bool, Meta(description="An empty cell empties the field; else it leaves it as it is.")
    ] = False


class Change(msgspec.Struct, frozen=True):
    """A record that a row changes."""

    row: list[Any]
    """The record as it is: number, rev, who and when, then its values."""
    values: dict[int, Stored]
    """Values that become others."""
    line: int
    """Number of the row in the file."""


class Planned(msgspec.Struct):
    """What becomes of some rows."""

    added: list[dict[int, Stored]] = msgspec.field(default_factory=list)
    """Values of new records, by number of the field."""
    records: list[Record] = msgspec.field(default_factory=list)
    """Of which the added ones are made."""
    changed: list[Change] = msgspec.field(default_factory=list)
    """Records that become others."""
    same: int = 0
    """Records that stay as they are."""
    rejections: list[Rejection] = msgspec.field(default_factory=list)
    """Rows that fit nowhere."""


def places_of(how: How) -> tuple[int, ...]:
    """Return which columns of the file are taken."""
    return tuple(place for place, field in enumerate(how.fields) if field)


def taken_fields(table: TableInfo, how: How, reach: Reach) -> list[FieldInfo]:
    """Return the field of each column that is taken. Raise InvalidInput where that cannot be."""
    visible = {one.id: one for one in table.fields if one.id not in reach.hidden}
    numbers = [number for number in how.fields if number]
    if not numbers:
        raise InvalidInput(field="fields", reason=mark("Choose a field for a column at least."))
    if len(set(numbers)) != len(numbers):
        double = next(one for one in numbers if numbers.count(one) > 1)
        name = visible[double].name if double in visible else str(double)
        raise InvalidInput(field=name, reason=TWICE)
    found = []
    for number in numbers:
        field = visible.get(number)
        if field is None:
            raise InvalidInput(field="fields", reason=NO_FIELD)
        _check_taken(field, how, reach)
        found.append(field)
    if how.key and how.key not in numbers:
        raise InvalidInput(field="key", reason=NO_COLUMN)
    if not how.key and how.mode is not Mode.ADD:
        raise InvalidInput(field="key", reason=NEEDS_KEY)
    if how.key and not has_column(visible[how.key]):
        raise InvalidInput(field="key", reason=CANNOT_FIND)
    return found


def _check_taken(field: FieldInfo, how: How, reach: Reach) -> None:
    """Raise InvalidInput where a field takes nothing from a file."""
    if field.changing:
        raise InvalidInput(field=field.name, reason=IS_CHANGING)
    if field.id in reach.read and (field.id != how.key or how.mode is not Mode.UPDATE):
        raise InvalidInput(field=field.name, reason=READ_ONLY)
    if type_of(field).by_appliance and field.id != how.key:
        raise InvalidInput(field=field.name, reason=FILLED_BY_APPLIANCE)


class Merger:
    """Plans what becomes of the rows of one file, from its first row to its last."""

    def __init__(self, table: TableInfo, how: How, reach: Reach, around: Around) -> None:
        self.table, self.around = table, around
        self._how, self._reach = how, reach
        self.fields = taken_fields(table, how, reach)
        self._numbers = [field.id for field in self.fields]
        self._unseen = {one.name for one in table.fields if one.id in reach.hidden}
        self._key = next((one for one in self.fields if one.id == how.key), None)
        self._required = {one.id: one.name for one in self.fields if one.settings.required}
        self._unique = [one for one in table.fields if one.settings.unique]
        # whether a cell must be filled depends on what is there: it is asked later
        self._converter = Converter([_loose(one) for one in self.fields], around)
        self._keys: set[Stored] = set()
        self._new_keys: set[Stored] = set()
        self._taken: dict[int, set[Stored]] = {one.id: set() for one in self._unique}
        self._new_taken: dict[int, set[Stored]] = {one.id: set() for one in self._unique}

    def take_over(self, former: "Merger") -> None:
        """Know the rows that another one has planned: the design was changed meanwhile."""
        self._keys = former._keys  # noqa: SLF001 - one of the same
        self._taken.update(
            (number, taken)
            for number, taken in former._taken.items()  # noqa: SLF001
            if number in self._taken
        )

    def know(self, records: Sequence[Record]) -> None:
        """Take note of rows that were carried out before a kill."""
        if self._key is not None:
            place = self._numbers.index(self._key.id)
            self._keys.update(row[place + 1] for row in self._converter.convert(records).rows)

    def plan(self, session: Session, records: Sequence[Record]) -> Planned:
        """Return what becomes of the next rows, as the records are now.

        It can be asked again, until `settle` says that the rows were carried out.
        """
        self._new_keys.clear()
        for taken in self._new_taken.values():
            taken.clear()
        read = self._converter.convert(records)
        planned = Planned(rejections=list(read.rejections))
        given = [dict(zip(self._numbers, row[1:], strict=True)) for row in read.rows]
        there = (
            self._there(session, [values[self._key.id] for values in given])
            if (self._key is not None)
            else {}
        )
        for record, values in zip(read.records, given, strict=True):
            try:
                self._one(session, planned, record, values, there)
            except InvalidInput as error:
                name, reason = str(error.parameters["field"]), str(error.parameters["reason"])
                if name in self._unseen:
                    name, reason = "", UNSEEN
                planned.rejections.append(reject(record, reason, name, self._cell(record, name)))
        return planned

    def settle(self) -> None:
        """Go on after the rows that were planned last."""
        self._keys |= self._new_keys
        for number, taken in self._new_taken.items():
            self._taken[number] |= taken

    def told(self, rejection: Rejection) -> Rejection:
        """Return a rejection whose cells stand under the table's fields, as its file names them."""
        if len(rejection.cells) != len(self.fields):
            return rejection  # a row of another length is told as it is
        cells = dict(zip(self._numbers, rejection.cells, strict=True))
        whole = [cells.get(field.id, "") for field in self.table.fields]
        return msgspec.structs.replace(rejection, cells=whole)

    def _cell(self, record: Record, name: str) -> str:
        place = next((at for at, one in enumerate(self.fields) if one.name == name), -1)
        return record.cells[place] if 0 <= place < len(record.cells) else ""

    def _one(
        self,
        session: Session,
        planned: Planned,
        record: Record,
        values: dict[int, Stored],
        there: dict[Stored, list[list[Any]]],
    ) -> None:
        found: list[list[Any]] = []
        if self._key is not None:
            key = values[self._key.id]
            if key is None:
                raise InvalidInput(field=self._key.name, reason=NO_KEY)
            if key in self._keys or key in self._new_keys:
                raise InvalidInput(field=self._key.name, reason=TWICE_IN_FILE)
            found = there.get(key, [])
            if len(found) > 1:
                raise InvalidInput(field=self._key.name, reason=TWICE_THERE)
            if not found and self._how.mode is Mode.UPDATE:
                raise InvalidInput(field=self._key.name, reason=NOT_THERE)
            self._new_keys.add(key)
        if not found:
            self._add(session, planned, record, values)
        elif self._how.mode is Mode.ADD:
            planned.same += 1
        else:
            self._change(session, planned, record, values, found[0])

    def _add(
        self, session: Session, planned: Planned, record: Record, values: dict[int, Stored]
    ) -> None:
        if self._key is not None and type_of(self._key).by_appliance:
            raise InvalidInput(field=self._key.name, reason=FILLED_BY_APPLIANCE)
        filled: dict[int, Stored] = {
            number: value for number, value in values.items() if value is not None
        }
        whole = with_starts(self.table, filled, self.around)
        self._claim(session, whole)
        planned.added.append(whole)
        planned.records.append(record)

    def _change(
        self,
        session: Session,
        planned: Planned,
        record: Record,
        values: dict[int, Stored],
        row: list[Any],
    ) -> None:
        places = {field.id: at for at, field in enumerate(self.table.fields, FIRST_VALUE)}
        others: dict[int, Stored] = {}
        for number, value in values.items():
            if value is None and not self._how.clear:
                continue
            if value is None and number in self._required:
                raise InvalidInput(field=self._required[number], reason=MUST_BE_FILLED)
            if row[places[number]] != value:
                others[number] = value
        if not others:
            planned.same += 1
            return
        self._claim(session, others, row[0])
        planned.changed.append(Change(row, others, record.number))

    def _claim(self, session: Session, values: dict[int, Stored], row: int = 0) -> None:
        """Raise InvalidInput where a value occurs once only, and is there or in a row above."""
        if not self._unique:
            return
        check_unique(session, self.table, values, row)
        for field in self._unique:
            value = values.get(field.id)
            taken = value in self._taken[field.id] or value in self._new_taken[field.id]
            if value is not None and taken:
                raise InvalidInput(field=field.name, reason=TWICE_IN_FILE)
        for field in self._unique:
            if (value := values.get(field.id)) is not None:
                self._new_taken[field.id].add(value)

    def are_new(self, session: Session, planned: Planned) -> bool:
        """Tell whether nobody added a record of the same key since the rows were planned."""
        if self._key is None or not planned.added:
            return True
        return not self._there(session, [values.get(self._key.id) for values in planned.added])

    def _there(self, session: Session, keys: Sequence[Stored]) -> dict[Stored, list[list[Any]]]:
        """Return the records that some keys find, within reach, each with all its values."""
        assert self._key is not None  # noqa: S101 - only asked where there is one
        made = statements(self.table, frozenset(), dialect_of(session))
        c = made.rows.c
        query = select(
            *(c[name] for name in SHOWN_COLUMNS), *(made.value(one) for one in self.table.fields)
        ).where(c.deleted_at == 0)
        if self._reach.rows is not None:
            query = query.where(self._reach.rows(made.rows))
        place = FIRST_VALUE + [one.id for one in self.table.fields].index(self._key.id)
        wanted = list({key for key in keys if key is not None})
        found: dict[Stored, list[list[Any]]] = {}
        for start in range(0, len(wanted), AT_ONCE):
            some = query.where(c[self._key.column].in_(wanted[start : start + AT_ONCE]))
            for row in session.connection().execute(some):
                found.setdefault(row[place], []).append(list(row))
        return found


def _loose(field: FieldInfo) -> FieldInfo:
    kept = msgspec.structs.replace(field.settings, required=False)
    return msgspec.structs.replace(field, settings=kept)
