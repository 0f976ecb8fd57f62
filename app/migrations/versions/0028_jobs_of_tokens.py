"""Jobs that a program asked for have its token's rights, and no more."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    op.add_column("jobs", sa.Column("narrowed", sa.String(), nullable=False, server_default=""))
