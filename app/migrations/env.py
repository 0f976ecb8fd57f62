"""What Alembic runs: inside the connection that `migrate` opened."""

from typing import Literal

from alembic import context
from sqlmodel import SQLModel
from sqlmodel.sql.sqltypes import AutoString

from app.migrations import tables  # noqa: F401 - makes every table known


def _plain_types(kind: str, item: object, _autogenerate: object) -> str | Literal[False]:
    """Write SQLModel's text type as what it is, so that migrations need SQLAlchemy alone."""
    if kind == "type" and isinstance(item, AutoString):
        return "sa.String()" if item.length is None else f"sa.String({item.length})"
    return False


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=SQLModel.metadata,
    render_item=_plain_types,
    render_as_batch=True,  # SQLite changes a table by making it anew
    transaction_per_migration=False,
)
context.run_migrations()
