"""entries of the machine's journal of maintenance that stand in the history."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    op.create_table(
        "machine_told_happening",
        sa.Column("machine", sa.String(), primary_key=True),
        sa.Column("journal", sa.String(), primary_key=True),
        sa.Column("number", sa.Integer(), primary_key=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
    )
