"""Sessions that have ended: from where and with which device somebody was signed in."""

from typing import Any, Final

from sqlalchemy import and_, delete, func, or_
from sqlmodel import col, select

from app.core.messages import mark
from app.identity.keeping import Due, Kept, declare
from app.identity.models import SessionColumns
from app.identity.planes import SESSIONS
from app.operations.context import Context

AT_ONCE: Final = 2_000


def _ended(table: type[SessionColumns], before: int) -> Any:  # noqa: ANN401 - a condition
    ended = and_(col(table.ended_at) > 0, col(table.ended_at) < before)
    return or_(ended, col(table.expires_at) < before)


def _due(context: Context, before: int, _since: int) -> Due:
    found = [
        context.session.exec(
            select(func.count(), func.min(table.started_at)).where(_ended(table, before))
        ).one()
        for table in SESSIONS
    ]
    oldest = min((first for _, first in found if first), default=0)
    return Due(count=sum(count for count, _ in found), oldest=oldest)


def _remove(context: Context, before: int) -> int:
    gone = 0
    for table in SESSIONS:
        some = select(table.id).where(_ended(table, before)).limit(AT_ONCE)
        gone += context.session.exec(delete(table).where(col(table.id).in_(some))).rowcount
    return gone


declare(
    Kept(
        kind="sessions",
        title=mark("Sessions that have ended"),
        help=mark("Addresses and devices. Counted from the end of the session."),
        due=_due,
        remove=_remove,
    )
)
