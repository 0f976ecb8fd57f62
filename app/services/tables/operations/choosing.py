"""Which rows somebody asks for: by a view, by what is said besides, or both."""

from typing import Annotated, Final

import msgspec
from msgspec import Meta
from sqlmodel import Session

from app.core.errors import InvalidInput
from app.core.messages import mark
from app.operations.context import Context
from app.services.tables import catalogue, saved_views
from app.services.tables.around import around_of
from app.services.tables.definition import PLAIN, Definition, FieldNumber
from app.services.tables.fields import FieldInfo
from app.services.tables.fitting import Fitted, fit
from app.services.tables.physical import MOST_FIELDS
from app.services.tables.query import Rows
from app.services.tables.reach import Reach
from app.services.tables.selection import ALWAYS, MOST_SORTS, Conditions, Selection, Sort
from app.services.tables.types.base import Around
from app.services.tables.views import TableNumber

TWICE: Final = mark("Name each column once.")
_NUMBER = Meta(description="Number of the view; 0: none.", ge=0, le=2**31 - 1)


class RowsAsked(msgspec.Struct, frozen=True, kw_only=True):
    """Which rows of a table; what is given here stands in the place of what the view says."""

    table: TableNumber
    view: Annotated[int, _NUMBER] = 0
    search: Annotated[str, Meta(description="Text anywhere in the row.", max_length=200)] = ""
    where: Annotated[
        Conditions | None, Meta(description="Conditions; none: those of the view.")
    ] = None
    sorts: Annotated[
        Annotated[tuple[Sort, ...], Meta(max_length=MOST_SORTS)] | None,
        Meta(description="The order; none: that of the view."),
    ] = None
    columns: Annotated[
        Annotated[tuple[FieldNumber, ...], Meta(max_length=MOST_FIELDS)] | None,
        Meta(description="Fields in order; none: those of the view, or all."),
    ] = None


class Chosen:
    """Rows that were asked for, and the view as far as it holds."""

    def __init__(self, context: Context, request: RowsAsked, reach: Reach) -> None:
        """Raise NotFound or InvalidInput where there is no such table, view or field."""
        self.reach = reach
        self.table = catalogue.ready_table(context.session, request.table)
        self._is_narrowed = bool(request.view or request.where)
        self.around = self.surrounding(context)
        self.rows = Rows(context.session, self.table, reach, self.around)
        saved = PLAIN
        if request.view:
            saved = saved_views.find_view(context, self.table, request.view).definition
        fitted = fit(context.session, self.rows, _without(saved, request))
        self.view, self.misfits = fitted.definition, fitted.misfits
        self.selection = self._selection(request, fitted)
        columns = fitted.definition.columns if request.columns is None else request.columns
        self.places = self._places(columns)
        self.fields: tuple[FieldInfo, ...] = tuple(self.rows.fields[one] for one in self.places)

    @property
    def may_take_long(self) -> bool:
        """Tell whether rows are looked for or ordered in a way that no index may help with."""
        return self.selection.is_narrow or bool(self.selection.sorts) or not self.rows.is_whole

    def surrounding(self, context: Context, session: Session | None = None) -> Around:
        """Return what surrounds the reader: conditions ask for today and for the reader too."""
        return around_of(context, self.table.fields, session, dated=self._is_narrowed)

    def _selection(self, request: RowsAsked, fitted: Fitted) -> Selection:
        view = fitted.definition
        return Selection(
            search=request.search,
            where=view.where if request.where is None else request.where,
            sorts=view.sorts if request.sorts is None else request.sorts,
            scope=None if fitted.nothing else view.scope,
            nothing=fitted.nothing,
        )

    def _places(self, columns: tuple[int, ...]) -> list[int]:
        """Return the places of the columns among the fields that the reader sees."""
        known = {field.id: place for place, field in enumerate(self.rows.fields)}
        if len(set(columns)) != len(columns):
            raise InvalidInput(field="columns", reason=TWICE)
        for number in columns:
            self.rows.field(number)
        return [known[one] for one in columns] if columns else list(known.values())


def _without(saved: Definition, request: RowsAsked) -> Definition:
    """Return what a view says where the request says nothing else: only that has to fit."""
    where = saved.where if request.where is None else ALWAYS
    sorts = saved.sorts if request.sorts is None else ()
    return msgspec.structs.replace(saved, where=where, sorts=sorts)
