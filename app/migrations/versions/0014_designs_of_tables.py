"""designs of tables: what tells whether the fields of a table are those that were read before."""

import sqlalchemy as sa
from alembic import op

from app.core.identifiers import new_identifier

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.add_column(
        "tables_definition", sa.Column("design", sa.String(), nullable=False, server_default="")
    )
    definitions = sa.table("tables_definition", sa.column("id"), sa.column("design"))
    connection = op.get_bind()
    for table in connection.execute(sa.select(definitions.c.id)).scalars().all():
        change = sa.update(definitions).where(definitions.c.id == table)
        connection.execute(change.values(design=new_identifier()))
