"""Putting back what a record held in a former state: one value, some, or all; a deleted one too."""

from collections.abc import Sequence
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from app.core.errors import Conflict, InvalidInput
from app.core.messages import mark
from app.operations.context import Context
from app.operations.operation import Effect, Route, operation
from app.operations.permissions import Permission
from app.services.tables import writing
from app.services.tables.around import around_of
from app.services.tables.changes import record
from app.services.tables.conditions import NO_FIELD
from app.services.tables.errors import DoesNotFitBack
from app.services.tables.operations.record_history import Looked, State, creation_of, look
from app.services.tables.operations.tables import STAFF
from app.services.tables.past import Held
from app.services.tables.physical import MOST_FIELDS
from app.services.tables.query import Rows
from app.services.tables.reach import reach_of
from app.services.tables.restoring import restore_row, whole_state
from app.services.tables.revert_writing import whole_of
from app.services.tables.shapes import read_shape
from app.services.tables.telling import CHOICES, FIELD_GONE
from app.services.tables.types.base import Around, Stored
from app.services.tables.types.registry import type_of
from app.services.tables.uniqueness import check_unique
from app.services.tables.views import RecordNumber, Rev, TableNumber
from app.services.tables.within_reach import check_reach, check_writable, unnamed

NO_STATE: Final = mark("The record has no such state.")
WAS_DELETED: Final = mark("The record was deleted in this state. Choose an earlier one.")


class BackAsked(msgspec.Struct, frozen=True, kw_only=True):
    """A former state of a record, and which of its values."""

    table: TableNumber
    record: RecordNumber
    version: State
    fields: Annotated[
        list[int],
        Meta(description="Numbers of the fields; none: all.", max_length=MOST_FIELDS),
    ] = msgspec.field(default_factory=list)


class PutBack(BackAsked, frozen=True, kw_only=True):
    """A former state of a record, for the record as it was seen."""

    rev: Rev
    leave: Annotated[
        bool, Meta(description="Put back what fits and leave the rest; else all or nothing.")
    ] = False


class BackStep(msgspec.Struct, frozen=True, kw_only=True):
    """A value that would come back."""

    field: Annotated[int, Meta(description="Number of the field.")]
    name: Annotated[str, Meta(description="What it is called.")]
    now: Annotated[str, Meta(description="What it holds now.")]
    then: Annotated[str, Meta(description="What it held in that state.")]
    reason: Annotated[str, Meta(description="Why it does not fit; empty: it does.")]


class BackPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What would come back."""

    rev: Annotated[int, Meta(description="State of the record now.")]
    deleted: Annotated[bool, Meta(description="The record is deleted, and would be there again.")]
    steps: Annotated[list[BackStep], Meta(description="Every value that is another now.")]


class BackDone(msgspec.Struct, frozen=True, kw_only=True):
    """What came back."""

    rev: Annotated[int, Meta(description="State of the record now.")]
    restored: Annotated[bool, Meta(description="The record was deleted, and is there again.")]
    back: Annotated[list[str], Meta(description="Names of the fields that hold it again.")]
    left: Annotated[list[BackStep], Meta(description="Values that do not fit, and were left.")]


class _Plan:
    """What a state of a record has that it has not now."""

    def __init__(self, context: Context, seen: Looked, request: BackAsked) -> None:
        self.seen = seen
        past = seen.past
        if not 1 <= request.version <= past.rev:
            raise InvalidInput(field="version", reason=NO_STATE)
        # where it is deleted now, the values that it was deleted with are those of that state
        if past.was_deleted(request.version) and not past.deleted_at:
            raise InvalidInput(field="version", reason=WAS_DELETED)
        self.rows = Rows(context.session, seen.table, seen.reach)
        # people's names are read as whoever puts back types them
        self.around = around_of(context, seen.table.fields)
        self.values: dict[int, Stored] = {}
        self.steps: list[BackStep] = []
        shape = _shape(context, seen, request.version)
        for number in request.fields or _fields(seen):
            self._one(context, request.version, number, shape)

    def _one(self, context: Context, state: int, number: int, shape: dict[int, int]) -> None:
        past, teller = self.seen.past, self.seen.teller
        if number not in self.seen.visible:
            raise InvalidInput(field="fields", reason=NO_FIELD)
        held, column = past.held(state, number, shape), past.columns.present[number]
        now = Held(column, past.now(number))
        if held.column == column and held.stored == now.stored:
            return
        reason = ""
        try:
            stored = self._fitting(number, held)
            if held.column != column and stored == now.stored:
                return
            check_unique(context.session, self.seen.table, {number: stored}, past.number)
            self.values[number] = stored
        except InvalidInput as error:
            reason = str(error.parameters["reason"])
        self.steps.append(
            BackStep(
                field=number,
                name=teller.columns.by_column[column].name,
                now=teller.words(now),
                then=teller.words(held),
                reason=reason,
            )
        )

    def _fitting(self, number: int, held: Held) -> Stored:
        """Return what the field would store, read as if somebody typed it. Raise InvalidInput."""
        field = self.rows.by_id.get(number)
        if field is None:
            gone = self.seen.teller.columns.by_column[held.column].name
            raise InvalidInput(field=gone, reason=FIELD_GONE)
        text = self.seen.teller.text(held)
        stored = writing.stored_values(self.rows, {number: text or None}, self.around)
        # what stood there in this type comes back as it was; a choice may have a namesake by now
        same = held.column == self.seen.teller.columns.present[number]
        same = same and field.kind not in CHOICES
        return held.stored if same else stored[number]


def _fields(seen: Looked) -> Sequence[int]:
    """Return the fields that people fill; of the deleted ones those that held something."""
    live = [one.id for one in seen.table.fields if not type_of(one).by_appliance]
    gone = sorted(seen.past.columns.deleted)
    kept = [one for one in gone if any(one in each.before for each in seen.past.entries)]
    return [one for one in (*live, *kept) if one in seen.visible]


def _shape(context: Context, seen: Looked, state: int) -> dict[int, int]:
    if state == 1:
        made = creation_of(context.session, seen.table, seen.past)
        return read_shape(made.fields) if made is not None else {}
    entry = next((one for one in seen.past.entries if one.rev == state), None)
    return dict(entry.shape) if entry is not None else {}


@operation(
    "records.preview_put_back",
    permission=Permission.RECORDS_EDIT,
    effect=Effect.READ,
    planes=STAFF,
    route=Route("POST", "/tables/{table}/records/{record}/put-back/preview"),
    scope=lambda request: f"tables/{request.table}",
)
def preview_put_back(context: Context, request: BackAsked) -> BackPlan:
    """Show what of a former state of a record would come back, and what does not fit any more."""
    seen = look(context, request.table, request.record, Permission.RECORDS_EDIT)
    plan = _Plan(context, seen, request)
    return BackPlan(rev=seen.past.rev, deleted=bool(seen.past.deleted_at), steps=plan.steps)


@operation(
    "records.put_back",
    permission=Permission.RECORDS_EDIT,
    planes=STAFF,
    route=Route("POST", "/tables/{table}/records/{record}/put-back"),
    scope=lambda request: f"tables/{request.table}",
)
def put_back(context: Context, request: PutBack) -> BackDone:
    """Let a record hold again what it held in a former state; a deleted one is there again.

    It is a change like any other: what stood there before is in the history, to be put back too.
    """
    seen = look(context, request.table, request.record, Permission.RECORDS_EDIT)
    table, past = seen.table, seen.past
    context.event.about("table", str(table.id), table.name)
    context.event.references.update(record=str(past.number), state=str(request.version))
    if past.rev != request.rev:
        raise Conflict(name=str(past.number))
    plan = _Plan(context, seen, request)
    left = [one for one in plan.steps if one.reason]
    nothing = not plan.values and not past.deleted_at
    if left and (nothing or not request.leave):
        raise DoesNotFitBack(field=left[0].name, reason=left[0].reason, count=len(left))
    context.event.numbers.update(fields=len(plan.values), left=len(left))
    at = writing.At(past.number, past.rev)
    if past.deleted_at:
        deleting = Rows(context.session, table, reach_of(context, table, Permission.RECORDS_DELETE))
        check_writable(plan.rows, plan.values)
        try:
            _restore(context, seen, at, plan.values, plan.around)
        except InvalidInput as error:
            raise unnamed(plan.rows, error) from None
        check_reach(plan.rows, at.number)
        check_reach(deleting, at.number)
    elif plan.values:
        writing.update_row(context, plan.rows, at, dict(plan.values), plan.around)
    return BackDone(
        rev=past.rev + 1 if plan.values or past.deleted_at else past.rev,
        restored=bool(past.deleted_at),
        back=[one.name for one in plan.steps if not one.reason],
        left=left,
    )


def _restore(
    context: Context, seen: Looked, at: writing.At, values: dict[int, Stored], around: Around
) -> None:
    table, past, now = seen.table, seen.past, context.now
    whole = whole_of(table, past)
    after = whole_state(context, table, {**whole, **values}, now=now)
    restore_row(context, table, at, values, after, around, now=now)
    before = {at.number: {number: whole[number] for number in values}}
    record(context, table, "restore", [[at.number, at.rev + 1, *after]], before, at=now)
