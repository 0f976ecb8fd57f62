"""orders of the list of accounts: an index a column that sorts, its ties broken by the login ID."""

from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    for column in ("name", "kind", "state", "created_at"):
        op.create_index(f"ix_identity_account_{column}", "identity_account", [column, "login_id"])
