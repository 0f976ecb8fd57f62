"""The record at every thousandth row of a list, so that a page can begin anywhere."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    op.create_table(
        "tables_place",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("table_id", sa.Integer(), sa.ForeignKey("tables_definition.id"), nullable=False),
        sa.Column("shape", sa.String(), nullable=False),
        sa.Column("numbers", sa.String(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("newest", sa.String(), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_tables_place_list", "tables_place", ["table_id", "shape"], unique=True)
