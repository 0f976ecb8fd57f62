"""privacy: searches for a person, erasures that were carried out, how long is kept."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_table(
        "privacy_disclosure",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("job", sa.String(), nullable=False),
        sa.Column("found", sa.Integer(), nullable=False),
        sa.Column("looked_at", sa.BigInteger(), nullable=False),
        sa.Column("skipped", sa.String(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", sa.BigInteger(), nullable=False),
        sa.Column("erased_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("privacy_disclosure", schema=None) as table:
        for name in ("account", "created_at"):
            table.create_index(table.f(f"ix_privacy_disclosure_{name}"), [name])
    op.create_table(
        "privacy_finding",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("disclosure", sa.String(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("privacy_finding", schema=None) as table:
        table.create_index("ix_privacy_finding_disclosure", ["disclosure", "id"])
        table.create_index(table.f("ix_privacy_finding_place"), ["place"])
    op.create_table(
        "privacy_applied",
        sa.Column("erasure", sa.String(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("erasure"),
    )
    op.create_table(
        "privacy_retention",
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.Column("ran_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("kind"),
    )
