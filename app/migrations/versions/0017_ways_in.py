"""from where and with what people come in: access rules, client certificates."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.String(), nullable=False)


def _time(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=False)


def upgrade() -> None:
    for table, name in (
        ("identity_account", "bounds"),
        ("identity_console_session", "certificate"),
        ("identity_workspace_session", "certificate"),
    ):
        with op.batch_alter_table(table, schema=None) as changed:
            changed.add_column(sa.Column(name, sa.String(), nullable=False, server_default=""))
    op.create_table(
        "identity_access_rule",
        sa.Column("kind", sa.String(), primary_key=True),
        sa.Column("subject", sa.String(), primary_key=True),
        _text("networks"),
        sa.Column("certificate", sa.Boolean(), nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        _text("changed_by"),
        _time("changed_at"),
    )
    certificates = "identity_client_certificate"
    op.create_table(
        certificates,
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("account", sa.String(), sa.ForeignKey("identity_account.id"), nullable=False),
        _text("device"),
        sa.Column("serial", sa.String(), nullable=False, unique=True),
        sa.Column("fingerprint", sa.String(), nullable=False, unique=True),
        _time("issued_at"),
        _text("issued_by"),
        _time("expires_at"),
        _text("renews"),
        _time("handed_out_at"),
        _time("revoked_at"),
        _text("revoked_by"),
        _text("revoked_because"),
        _time("last_used_at"),
        _text("last_used_from"),
    )
    for name in ("account", "expires_at", "revoked_at"):
        op.create_index(f"ix_{certificates}_{name}", certificates, [name])
    op.create_table(
        "identity_client_bundle",
        sa.Column(
            "certificate", sa.String(), sa.ForeignKey(f"{certificates}.id"), primary_key=True
        ),
        _text("bundle"),
        _text("made_for"),
        _time("expires_at"),
    )
    op.create_index(
        "ix_identity_client_bundle_expires_at", "identity_client_bundle", ["expires_at"]
    )
