"""Taking a change back later: what its records would become, and what has changed since.

The same plan is shown to a person before and carried out by the job. A change that added records
is taken back by deleting them, one that deleted by bringing them back, any other field by field:
where somebody wrote another value since, that value stays unless one is told otherwise.
"""

import enum
from collections.abc import Sequence
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta
from sqlalchemy import ColumnElement, literal, or_, select
from sqlmodel import Session

from app.core.errors import InvalidInput
from app.core.messages import mark
from app.files.errors import Unfit
from app.services.tables.fields import SYSTEM
from app.services.tables.merge_writing import SHORT
from app.services.tables.past import DELETES, RESTORES, Columns, Held, Past, changes, load
from app.services.tables.personal_data import history
from app.services.tables.physical import TableInfo, sql_table
from app.services.tables.telling import FIELD_GONE, Teller
from app.services.tables.types.base import Stored
from app.services.tables.types.registry import MUST_BE_FILLED, reader_of
from app.services.tables.uniqueness import check_unique
from app.services.tables.writing import IS_CHANGING

CHANGED_SINCE: Final = mark("Somebody changed it since.")
DELETED_SINCE: Final = mark("The record was deleted since. Bring it back first.")
TAKING_BACK: Final = "undo"
"""How the actions begin that a cancelled or failed job takes its own changes back with."""


class Goal(enum.StrEnum):
    """What taking a change back does to its records."""

    REMOVE = "remove"
    """They were added, or brought back: they are deleted."""
    RESTORE = "restore"
    """They were deleted: they are there again."""
    VALUES = "values"
    """Fields hold again what they held."""


ACTIONS: Final = {Goal.REMOVE: "delete", Goal.RESTORE: "restore", Goal.VALUES: "revert"}
UNDOING: Final = {Goal.REMOVE: "undo_delete", Goal.RESTORE: "undo_restore", Goal.VALUES: "undo"}


class Obstacle(msgspec.Struct, frozen=True, kw_only=True):
    """What stands in the way at one record."""

    record: Annotated[int, Meta(description="Number of the record.")]
    field: Annotated[str, Meta(description="What the field is called; empty: the whole record.")]
    now: Annotated[str, Meta(description="What stands there now.")]
    then: Annotated[str, Meta(description="What would come back.")]
    reason: Annotated[str, Meta(description="Why it is left: a text of the catalogue.")]
    can_be_overruled: Annotated[
        bool, Meta(description="It is taken back too where one says so; else it does not fit.")
    ]


class Undone(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes of one record."""

    past: Any
    """The record (`Past`)."""
    values: dict[int, Stored]
    """What fields hold then."""


class Planned(msgspec.Struct, kw_only=True):
    """What becomes of some records of one change."""

    goal: Goal
    undone: list[Undone] = msgspec.field(default_factory=list)
    obstacles: list[Obstacle] = msgspec.field(default_factory=list)
    same: int = 0
    """Records at which nothing is left of the change."""
    last: int = 0
    """Where the next records of it begin: a place that only this module knows."""
    looked_at: int = 0
    """Records; fewer than were asked for where they were the last ones."""


def changes_of(session: Session, table: int, what: str) -> Sequence[Any]:
    """Return the changes of a job, or the one of this identifier, the last one first.

    What a job took back itself when it was cancelled is no part of what it did.
    """
    c = changes.c
    mine = select(changes).where(c.table_id == table, ~c.action.startswith(TAKING_BACK))
    own = mine.where(c.job == what).order_by(c.id.desc())
    found = session.connection().execute(own).all()
    return found or session.connection().execute(mine.where(c.id == what)).all()


class Reverter:
    """Plans what becomes of the records of changes of one table."""

    def __init__(
        self, session: Session, table: TableInfo, teller: Teller, own: Sequence[str] = ()
    ) -> None:
        """`own` are the jobs whose changes count as nobody's: the one at work, and its object."""
        self._session, self.table, self._teller = session, table, teller
        self._columns: Columns = teller.columns
        self._own = frozenset(own)
        self._live = {one.id: one for one in table.fields}
        self._readers = {one.id: reader_of(one, teller.around) for one in table.fields}

    def plan(
        self,
        change: Any,  # noqa: ANN401 - a row
        last: int,
        limit: int,
        *,
        despite: frozenset[int] = frozenset(),
        despite_all: bool = False,
    ) -> Planned:
        """Return what becomes of the next records of a change, after the place `last`.

        `despite`: records whose obstacles are overruled.
        """
        noted = self._noted(change, last, limit)
        places = noted or self._added(change, last, limit)
        goal = _goal(change.action) if noted or self._has_noted(change) else Goal.REMOVE
        planned = Planned(goal=goal, looked_at=len(places), last=max(places, default=last))
        ways = {
            Goal.REMOVE: self._remove,
            Goal.RESTORE: self._restore,
            Goal.VALUES: self._values,
        }
        take_back, numbers = ways[goal], list(places.values())
        pasts = load(self._session, self.table, numbers, self._columns)
        for number in numbers:
            past = pasts.get(number)
            if past is None:  # erased, or removed for good
                planned.same += 1
                continue
            overruled = despite_all or number in despite
            take_back(planned, past, change.id, overruled)
        return planned

    def _noted(self, change: Any, last: int, limit: int) -> dict[int, int]:  # noqa: ANN401
        """Return the next records of which the change notes what was before, by their place."""
        c = history.c
        some = select(c.id, c.record_id).where(c.change_id == change.id, c.id > last)
        rows = self._session.connection().execute(some.order_by(c.id).limit(limit))
        return {row[0]: row[1] for row in rows}

    def _has_noted(self, change: Any) -> bool:  # noqa: ANN401
        return bool(self._noted(change, 0, 1))

    def _added(self, change: Any, last: int, limit: int) -> dict[int, int]:  # noqa: ANN401
        """Return the next records that a change added: it notes none of them by itself."""
        if self._has_noted(change):
            return {}
        rows = sql_table(self.table)
        some = select(rows.c.id).where(rows.c.id > last, *made_by(rows, change))
        found = self._session.connection().execute(some.order_by(rows.c.id).limit(limit))
        return {number: number for (number,) in found}

    def _remove(self, planned: Planned, past: Past, change: str, overruled: bool) -> None:
        if past.deleted_at:
            planned.same += 1
            return
        made = next((one.rev for one in past.entries if one.change == change), 1)
        if not overruled and self._since(past, made):
            planned.obstacles.append(
                Obstacle(
                    record=past.number,
                    field="",
                    now=self._title(past),
                    then="",
                    reason=CHANGED_SINCE,
                    can_be_overruled=True,
                )
            )
            return
        planned.undone.append(Undone(past=past, values={}))

    def _restore(self, planned: Planned, past: Past, _change: str, _overruled: bool) -> None:
        if not past.deleted_at:
            planned.same += 1
            return
        whole = {number: past.now(number) for number in self._live}
        try:
            check_unique(self._session, self.table, whole, past.number)
        except InvalidInput as error:
            self._obstacle(planned, past, error, None)
            return
        planned.undone.append(Undone(past=past, values={}))

    def _values(self, planned: Planned, past: Past, change: str, overruled: bool) -> None:
        entry = next(one for one in past.entries if one.change == change)
        values: dict[int, Stored] = {}
        stood = len(planned.obstacles)
        for number, stored in entry.before.items():
            present = self._columns.present.get(number)
            if present is None or self._columns.by_column[present].kind in SYSTEM:
                continue
            then = Held(entry.shape.get(number, present), stored)
            now = Held(present, past.now(number))
            if then.column == present and then.stored == now.stored:
                continue
            if past.deleted_at:
                gone = InvalidInput(field="", reason=DELETED_SINCE)
                self._obstacle(planned, past, gone, None)
                break
            left = past.held(entry.rev, number, entry.shape)
            touched = any(
                number in one.before and one.rev > entry.rev and one.job not in self._own
                for one in past.entries
            )
            try:
                value = self._fitting(number, then)
                check_unique(self._session, self.table, {number: value}, past.number)
            except InvalidInput as error:
                self._obstacle(planned, past, error, then, now)
                continue
            if touched and left.stored != now.stored and not overruled:
                name = self._live[number].name
                since = InvalidInput(field=name, reason=CHANGED_SINCE)
                self._obstacle(planned, past, since, then, now, can_be_overruled=True)
                continue
            if value != now.stored:
                values[number] = value
        if values:
            planned.undone.append(Undone(past=past, values=values))
        elif stood == len(planned.obstacles):
            planned.same += 1

    def _fitting(self, number: int, then: Held) -> Stored:
        """Return what the field would store. Raise InvalidInput where it fits no longer."""
        field = self._live.get(number)
        if field is None:
            name = self._columns.by_column[then.column].name
            raise InvalidInput(field=name, reason=FIELD_GONE)
        if field.changing:
            raise InvalidInput(field=field.name, reason=IS_CHANGING)
        if then.stored is None:
            if field.settings.required:
                raise InvalidInput(field=field.name, reason=MUST_BE_FILLED)
            return None
        if then.column == self._columns.present[number]:
            return then.stored  # it stood there, in this type
        try:
            found = self._readers[number](self._teller.text(then))
        except Unfit as unfit:
            raise InvalidInput(field=field.name, reason=unfit.reason) from unfit
        return None if found == "" else found

    def _since(self, past: Past, state: int) -> bool:
        """Tell whether somebody changed a record after a state, and it stands otherwise since."""
        touched = {
            field
            for one in past.entries
            if one.rev > state and one.job not in self._own
            for field in one.before
            if field in self._live and self._live[field].kind not in SYSTEM
        }
        return any(past.held(state, one, {}).stored != past.now(one) for one in touched)

    def _obstacle(
        self,
        planned: Planned,
        past: Past,
        error: InvalidInput,
        then: Held | None,
        now: Held | None = None,
        *,
        can_be_overruled: bool = False,
    ) -> None:
        planned.obstacles.append(
            Obstacle(
                record=past.number,
                field=str(error.parameters["field"]),
                now=self._teller.words(now)[:200] if now else self._title(past),
                then=self._teller.words(then)[:200] if then else "",
                reason=str(error.parameters["reason"]),
                can_be_overruled=can_be_overruled,
            )
        )

    def _title(self, past: Past) -> str:
        field = self.table.fields[0]
        column = self._columns.present[field.id]
        return self._teller.words(Held(column, past.values.get(column)))[:200]


def _goal(action: str) -> Goal:
    if action in DELETES:
        return Goal.RESTORE
    return Goal.REMOVE if action in RESTORES else Goal.VALUES


def made_by(rows: Any, change: Any) -> tuple[ColumnElement[bool], ...]:  # noqa: ANN401 - a table
    """Return which rows a change (a row, or the columns of all) added.

    Their numbers follow each other, and others may be among them, of who wrote at the same moment.
    """
    c = rows.c
    return (
        c.id.between(change.first, change.last),
        c.created_by == change.by,
        c.created_at.between(change.at - SHORT, change.at),
        # what is added by itself carries the moment of its change; a batch of a file is a while
        or_(
            _is(change.action != "create"),
            _is(change.first == change.last),
            c.created_at == change.at,
        ),
    )


def _is(condition: Any) -> ColumnElement[bool]:  # noqa: ANN401 - of a row, or of columns
    return condition if isinstance(condition, ColumnElement) else literal(condition)
