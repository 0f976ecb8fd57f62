"""What Alembic runs: inside the connection that `migrate` opened."""

from typing import Literal

from alembic import context
from alembic.operations.ops import CreateTableOp, MigrationScript
from sqlmodel import SQLModel
from sqlmodel.sql.sqltypes import AutoString

from app.migrations import tables  # noqa: F401 - makes every table known


def _plain_types(kind: str, item: object, _autogenerate: object) -> str | Literal[False]:
    """Write SQLModel's text type as what it is, so that migrations need SQLAlchemy alone."""
    if kind == "type" and isinstance(item, AutoString):
        return "sa.String()" if item.length is None else f"sa.String({item.length})"
    return False


def _tables_alone(_context: object, _revision: object, directives: list[MigrationScript]) -> None:
    """Leave out what models tell about rights: it is no part of the schema's history."""
    for directive in directives:
        for operation in directive.upgrade_ops.ops if directive.upgrade_ops else ():
            if isinstance(operation, CreateTableOp):
                operation.info = {}


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=SQLModel.metadata,
    render_item=_plain_types,
    process_revision_directives=_tables_alone,
    render_as_batch=True,  # SQLite changes a table by making it anew
    transaction_per_migration=False,
)
context.run_migrations()
