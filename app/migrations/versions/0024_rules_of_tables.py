"""Who may do what with a table, in which rows, with which fields."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    op.add_column(
        "tables_definition", sa.Column("rules", sa.String(), nullable=False, server_default="[]")
    )
