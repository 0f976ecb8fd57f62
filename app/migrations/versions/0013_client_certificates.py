"""client certificates: the sealed key of our own at a syslog receiver."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.add_column(
        "offsite_destination", sa.Column("key", sa.String(), nullable=False, server_default="")
    )
