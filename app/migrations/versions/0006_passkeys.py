"""passkeys: what they are found by, what they are bound to, and the questions they answer."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    for plane in ("console", "workspace"):
        credentials, challenges = (
            f"identity_{plane}_credential",
            f"identity_{plane}_challenge",
        )
        with op.batch_alter_table(credentials, schema=None) as table:
            for name in ("reference", "rp_id"):
                table.add_column(sa.Column(name, sa.String(), nullable=False, server_default=""))
            table.create_index(table.f(f"ix_{credentials}_reference"), ["reference"])
        op.create_table(
            challenges,
            sa.Column("id", sa.String(), nullable=False),
            sa.Column("account", sa.String(), nullable=False),
            sa.Column("session", sa.String(), nullable=False),
            sa.Column("purpose", sa.String(), nullable=False),
            sa.Column("nonce", sa.LargeBinary(), nullable=False),
            sa.Column("handle", sa.String(), nullable=False),
            sa.Column("expires_at", sa.BigInteger(), nullable=False),
            sa.ForeignKeyConstraint(["account"], ["identity_account.id"]),
            sa.PrimaryKeyConstraint("id"),
        )
        for name in ("account", "expires_at", "session"):
            op.create_index(f"ix_{challenges}_{name}", challenges, [name])
