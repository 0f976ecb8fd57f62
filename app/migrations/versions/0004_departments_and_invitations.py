"""departments and invitations: names once below a parent, links that open a first sign-in."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

NAMES = {"uq": "%(table_name)s_%(column_0_name)s_key"}
"""How PostgreSQL names what was left unnamed; SQLite is told the same."""


def upgrade() -> None:
    with op.batch_alter_table("identity_group", naming_convention=NAMES) as table:
        table.drop_constraint("identity_group_name_key", type_="unique")
        table.add_column(
            sa.Column("is_department", sa.Boolean(), nullable=False, server_default=sa.false())
        )
        table.create_unique_constraint("uq_identity_group_parent_name", ["parent", "name"])
    op.create_table(
        "identity_invitation",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=False),
        sa.Column("withdrawn_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account"], ["identity_account.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("token_hash"),
    )
    with op.batch_alter_table("identity_invitation") as table:
        table.create_index(table.f("ix_identity_invitation_account"), ["account"], unique=False)
