"""leaving: who has left, and what ended with them."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "leaving_departure",
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("last_day", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("successor", sa.String(), nullable=False),
        sa.Column("ended", sa.String(), nullable=False),
        sa.Column("passed", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["account"], ["identity_account.id"]),
        sa.PrimaryKeyConstraint("account"),
    )
    op.create_table(
        "leaving_clock",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("doubted", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
