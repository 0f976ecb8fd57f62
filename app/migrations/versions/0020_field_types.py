"""what was chosen for a field, and the column that holds its values."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"

TEXTS = {"settings": "{}", "changing": "", "counted": ""}
NUMBERS = {"col": sa.Integer(), "successor_of": sa.Integer(), "counter": sa.BigInteger()}


def upgrade() -> None:
    for name, value in TEXTS.items():
        op.add_column(
            "tables_field", sa.Column(name, sa.String(), nullable=False, server_default=value)
        )
    for name, kind in NUMBERS.items():
        op.add_column("tables_field", sa.Column(name, kind, nullable=False, server_default="0"))
