"""What a person has made among the tables: it stays, and says who made it."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlmodel import Session

from app.core.messages import mark
from app.identity.holdings import Held, Holding, declare
from app.services.tables.catalogue import definitions


def _tables(session: Session, account: str) -> Sequence[Held]:
    found = session.connection().execute(
        select(definitions.c.id, definitions.c.name, definitions.c.created_at)
        .where(definitions.c.created_by == account, definitions.c.deleted_at == 0)
        .order_by(definitions.c.name, definitions.c.id)
    )
    return [Held(id=str(row.id), name=row.name, since=row.created_at) for row in found]


declare(Holding(kind="tables", title=mark("Tables made"), held=_tables))
