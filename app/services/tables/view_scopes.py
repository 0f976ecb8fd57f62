"""The rows of a view as a right: what it says, not what of it fits who reads."""

import dataclasses

from sqlalchemy import ColumnElement, and_, false, select, true
from sqlmodel import Session

from app.core.doors import dialect_of
from app.operations.context import Context
from app.services.tables.around import around_of
from app.services.tables.definition import of_text
from app.services.tables.fitting import Place, fit
from app.services.tables.physical import TableInfo
from app.services.tables.query import Rows
from app.services.tables.reach import WHOLE_TABLE
from app.services.tables.saved_views import Shared, views
from app.services.tables.statements import statements

NARROWING = frozenset({Place.FILTER, Place.SCOPE})


def rows_of_view(
    machine: Context, session: Session, table: TableInfo, view: int, *, account: str
) -> ColumnElement[bool]:
    """Return which rows a shared view shows to `account`; none where a condition does not hold.

    The conditions are read as the machine reads them, who sees all names, in its own time zone:
    a right does not depend on where somebody is. A view that is somebody's own gives no right:
    they would change it as they like.
    """
    wanted = select(views.c.shared, views.c.definition).where(
        views.c.id == view, views.c.table_id == table.id, views.c.deleted_at == 0
    )
    row = session.connection().execute(wanted).first()
    if row is None or row.shared == Shared.NOBODY.value:
        return false()
    around = around_of(machine, table.fields, session, dated=True)
    around = dataclasses.replace(around, account=account)
    fitted = fit(session, Rows(session, table, WHOLE_TABLE, around), of_text(row.definition))
    if any(one.place in NARROWING for one in fitted.misfits):
        return false()
    asking = statements(table, frozenset(), dialect_of(session)).asking(around)
    holds: list[ColumnElement[bool]] = []
    if fitted.definition.scope is not None:
        holds.append(asking.scope(fitted.definition.scope))
    if fitted.definition.where:
        holds.append(asking.tree(fitted.definition.where))
    return and_(true(), *holds)
