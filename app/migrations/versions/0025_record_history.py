"""What each change of records covers and how it was made; ways to the changes of a job."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    op.add_column(
        "tables_change", sa.Column("fields", sa.String(), nullable=False, server_default="")
    )
    op.add_column("tables_change", sa.Column("way", sa.String(), nullable=False, server_default=""))
    op.create_index("ix_tables_change_job", "tables_change", ["table_id", "job", "id"])
    op.create_index("ix_tables_history_change", "tables_history", ["change_id", "id"])
