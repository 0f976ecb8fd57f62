"""themes: the appearance of pages, kept on the account."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    with op.batch_alter_table("identity_account", schema=None) as table:
        table.add_column(sa.Column("theme", sa.String(), nullable=False, server_default=""))
