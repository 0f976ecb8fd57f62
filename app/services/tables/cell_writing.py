"""Many cells of many records in one transaction, as a person edits a list.

A record is the unit: either all of its cells are written or none, and what stands in the way is
told cell by cell. Somebody else's change of *other* cells of the same record is no conflict: the
record history says which fields changed since the person saw it.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import msgspec
from sqlalchemy import select

from app.core.errors import InvalidInput
from app.core.messages import mark
from app.operations.context import Context
from app.services.tables.changes import record
from app.services.tables.merge_writing import changes
from app.services.tables.personal_data import history
from app.services.tables.physical import FIRST_VALUE
from app.services.tables.query import AT_ONCE, Rows
from app.services.tables.reach import WHOLE_TABLE
from app.services.tables.types.base import Around, Stored, Value
from app.services.tables.uniqueness import check_unique
from app.services.tables.within_reach import check_reach, unnamed
from app.services.tables.writing import At, stored_values, with_starts, write_new, write_state

GONE: Final = mark("The record is not there any more.")
NEW: Final = 0
"""Number of a record that is not there yet."""
WHOLE_RECORD: Final = 0
"""Number of the field where it is not one that stands in the way."""


class Edit(NamedTuple):
    """New values for some fields of a record in the state in which a person saw it."""

    record: int
    rev: int
    values: Mapping[int, Value]


class Clash(NamedTuple):
    """A cell that somebody else has changed since."""

    record: int
    field: int
    by: str
    at: int


class Refusal(NamedTuple):
    """A cell that cannot be written."""

    record: int
    """NEW for a record that was to be added; `place` says which."""
    place: int
    field: int
    reason: str


class _Touched(NamedTuple):
    """Who changed a field last, and when."""

    by: str
    at: int


class CellWriter:
    """Writes cells of one table as one person, and remembers what was done and what was not."""

    def __init__(self, context: Context, rows: Rows, around: Around) -> None:
        self._context, self._rows, self._around = context, rows, around
        self._table = rows.table
        self._now = context.now  # one moment for all rows: what a leaf holds is told by it
        self._ids = [one.id for one in self._table.fields]
        self.changed: list[Sequence[Any]] = []
        """Whole rows as they are now, those too in which nothing had to be changed."""
        self.added: list[Sequence[Any]] = []
        self.removed: list[int] = []
        self.clashes: list[Clash] = []
        self.refusals: list[Refusal] = []
        self.untouched: list[int] = []
        """Records that stay as they were, as something stood in the way."""
        self.cells = 0
        self._before: dict[int, dict[int, Stored]] = {}
        self._gone: list[list[Any]] = []
        self._gone_before: dict[int, dict[int, Stored]] = {}

    @property
    def is_hindered(self) -> bool:
        """Tell whether something was not written."""
        return bool(self.clashes or self.refusals)

    def change(self, edits: Sequence[Edit]) -> None:
        """Write into records that are there."""
        numbers = list({one.record for one in edits})
        within = self._rows.revs_of(numbers)
        whole = Rows(self._context.session, self._table, WHOLE_TABLE)
        current = {row.id: row for row in whole.some([one for one in numbers if one in within])}
        stale = [one for one in edits if one.record in current]
        stale = [one for one in stale if current[one.record].rev != one.rev]
        moved = self._touched({one.record: one.rev for one in stale}, current)
        for edit in edits:
            row = current.get(edit.record)
            if row is None:
                self.refusals.append(Refusal(edit.record, 0, WHOLE_RECORD, GONE))
                continue
            stored = self._stored(edit.record, 0, edit.values, self._rows)
            if stored is None:
                self.untouched.append(edit.record)
                continue
            self._write(edit, row, stored, moved.get(edit.record, {}))

    def _stored(
        self, number: int, place: int, values: Mapping[int, Value], within: Rows
    ) -> dict[int, Stored] | None:
        """Return what is stored for values, by field; None where one does not fit."""
        stored: dict[int, Stored] = {}
        fits = True
        for field, value in values.items():
            try:
                stored.update(stored_values(within, {field: value}, self._around))
            except InvalidInput as error:
                self._refuse(number, place, error, field)
                fits = False
        return stored if fits else None

    def _refuse(self, number: int, place: int, error: InvalidInput, field: int = 0) -> None:
        name = str(error.parameters["field"])
        named = next((one.id for one in self._rows.fields if one.name == name), WHOLE_RECORD)
        reason = str(error.parameters["reason"])
        self.refusals.append(Refusal(number, place, field or named, reason))

    def _write(
        self,
        edit: Edit,
        row: Any,  # noqa: ANN401 - a row of any table
        stored: dict[int, Stored],
        moved: Mapping[int, _Touched],
    ) -> None:
        whole: dict[int, Stored] = dict(zip(self._ids, row[FIRST_VALUE:], strict=True))
        before = {key: whole[key] for key, value in stored.items() if whole[key] != value}
        clashes = [
            Clash(edit.record, field, moved[field].by, moved[field].at)
            for field in before
            if field in moved
        ]
        if clashes:
            self.clashes += clashes
            self.untouched.append(edit.record)
            return
        if not before:
            self.changed.append(row)
            return
        context, now = self._context, self._now
        values = {key: stored[key] for key in before}
        try:
            check_unique(context.session, self._table, values, edit.record)
        except InvalidInput as error:
            self._refuse(edit.record, 0, error)
            self.untouched.append(edit.record)
            return
        account = context.actor.account
        told: dict[str, Stored] = {"updated_at": now, "updated_by": account}
        system = {one.id: told[one.column] for one in self._table.fields if one.column in told}
        after = [*{**whole, **values, **system}.values()]
        at = At(edit.record, row.rev)
        write_state(context, self._rows, at, values, after, self._around, now=now)
        check_reach(self._rows, edit.record)
        self._before[edit.record] = before
        self.cells += len(before)
        head = (edit.record, row.rev + 1, row.created_at, row.created_by, now, account)
        self.changed.append((*head, *after))

    def add(self, rows: Sequence[Mapping[int, Value]], within: Rows) -> None:
        """Add records, each with the defaults of its fields; `within` says what may be filled."""
        for place, given in enumerate(rows):
            stored = self._stored(NEW, place, given, within)
            if stored is None:
                continue
            try:
                whole = with_starts(self._table, stored, self._around)
                made = self._new(whole)
            except InvalidInput as error:
                self._refuse(NEW, place, unnamed(within, error))
                continue
            check_reach(within, made[0])
            self.added.append(made)
            self.cells += len(given)

    def _new(self, stored: Mapping[int, Stored]) -> Sequence[Any]:
        return write_new(self._context, self._table, stored, self._around, now=self._now)

    def remove(self, records: Sequence[At], within: Rows) -> None:
        """Delete records that stand as they were seen; `within` says which the person may."""
        reached = within.revs_of([one.number for one in records])
        whole = Rows(self._context.session, self._table, WHOLE_TABLE)
        current = {row.id: row for row in whole.some(list(reached))}
        for at in records:
            row = current.get(at.number)
            if row is None:
                continue  # somebody else was faster, and it is gone as it should be
            if row.rev != at.rev:
                clash = Clash(at.number, WHOLE_RECORD, row.updated_by, row.updated_at)
                self.clashes.append(clash)
                self.untouched.append(at.number)
                continue
            values = list(row[FIRST_VALUE:])
            context = self._context
            write_state(context, within, at, None, values, self._around, now=self._now)
            self._gone.append([at.number, at.rev + 1, *values])
            self._gone_before[at.number] = dict(zip(self._ids, values, strict=True))
            self.removed.append(at.number)

    def forget(self) -> None:
        """Know of nothing that was done, as it was taken back: what stands in the way stays."""
        self.untouched += [number for number in self._before if number not in self.untouched]
        self.untouched += self.removed
        self.changed, self.added, self.removed, self.cells = [], [], [], 0
        self._before, self._gone, self._gone_before = {}, [], {}

    def note(self) -> None:
        """Note all of it in the record history: a change each of what was done, in one event."""
        told = self._context.event.references
        new = [[row[0], row[1], *row[FIRST_VALUE:]] for row in self.added]
        if record(self._context, self._table, "create", new, at=self._now):
            told["change_added"], told["root_added"] = told.pop("change"), told.pop("root")
        if record(
            self._context, self._table, "delete", self._gone, self._gone_before, at=self._now
        ):
            told["change_removed"], told["root_removed"] = told.pop("change"), told.pop("root")
        written = [
            [row[0], row[1], *row[FIRST_VALUE:]] for row in self.changed if row[0] in self._before
        ]
        record(self._context, self._table, "update", written, self._before, at=self._now)
        rows = len(self._before) + len(self.added) + len(self.removed)
        self._context.event.numbers.update(
            rows=rows,
            cells=self.cells,
            conflicts=len(self.clashes),
            refused=len(self.refusals),
        )

    def _touched(
        self, seen: Mapping[int, int], current: Mapping[int, Any]
    ) -> dict[int, dict[int, _Touched]]:
        """Return for each record which fields others changed since the state that was seen.

        Where the history does not hold all of it, every field counts as changed.
        """
        found: dict[int, dict[int, _Touched]] = {number: {} for number in seen}
        states: dict[int, set[int]] = {number: set() for number in seen}
        numbers = list(seen)
        h, c = history.c, changes.c
        for start in range(0, len(numbers), AT_ONCE):
            query = (
                select(h.record_id, h.rev, h.before, c.by, c.at)
                .join(changes, c.id == h.change_id)
                .where(
                    h.table_id == self._table.id,
                    h.record_id.in_(numbers[start : start + AT_ONCE]),
                )
                .order_by(h.record_id, h.rev)
            )
            for number, rev, before, by, at in self._context.session.connection().execute(query):
                if rev <= seen[number]:
                    continue
                states[number].add(rev)
                for field in msgspec.json.decode(before, type=dict[int, Any]):
                    found[number][field] = _Touched(by, at)
        for number, rev in seen.items():
            row = current[number]
            if len(states[number]) != row.rev - rev:
                all_of_it = _Touched(row.updated_by, row.updated_at)
                found[number] = dict.fromkeys(self._ids, all_of_it)
        return found
