"""views of tables: what each shows, and with whom it is shared."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    op.create_table(
        "tables_view",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("table_id", sa.Integer(), sa.ForeignKey("tables_definition.id"), nullable=False),
        *(
            sa.Column(name, sa.String(), nullable=False)
            for name in ("name", "shared", "groups", "definition")
        ),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_by", sa.String(), nullable=False),
        sa.Column("deleted_at", sa.BigInteger(), nullable=False),
        sqlite_autoincrement=True,
    )
    for name in ("table_id", "owner"):
        op.create_index(f"ix_tables_view_{name}", "tables_view", [name])
