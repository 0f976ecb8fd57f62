"""people: employee numbers, leaving dates, departments, grants that end or take away."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    def text(name: str) -> sa.Column[str]:
        return sa.Column(name, sa.String(), nullable=False, server_default="")

    with op.batch_alter_table("identity_account", schema=None) as table:
        table.add_column(sa.Column("employee_number", sa.String(), nullable=True))
        table.add_column(text("mail"))
        table.add_column(text("leaves_on"))
        table.add_column(text("successor"))
        table.create_index(table.f("ix_identity_account_leaves_on"), ["leaves_on"])
        table.create_unique_constraint("uq_identity_account_employee_number", ["employee_number"])
    with op.batch_alter_table("identity_group", schema=None) as table:
        for name in ("parent", "head"):
            table.add_column(text(name))
            table.create_index(table.f(f"ix_identity_group_{name}"), [name])
    with op.batch_alter_table("identity_grant", schema=None) as table:
        table.add_column(
            sa.Column("taken", sa.Boolean(), nullable=False, server_default=sa.false())
        )
        table.add_column(sa.Column("until", sa.BigInteger(), nullable=False, server_default="0"))
        table.add_column(text("created_by"))
