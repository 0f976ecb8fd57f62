"""Which import a change of records belongs to, and since when a rejected row is kept."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    op.add_column("tables_change", sa.Column("job", sa.String(), nullable=False, server_default=""))
    op.add_column(
        "tables_rejection", sa.Column("at", sa.BigInteger(), nullable=False, server_default="0")
    )
