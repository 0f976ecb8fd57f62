"""own roles, periods of rights, and rights that end by themselves."""

import json
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

from app.core.identifiers import new_identifier

revision = "0007"
down_revision = "0006"

NAMES = {"uq": "%(table_name)s_%(column_0_N_name)s_key"}
"""As PostgreSQL called what has no name of its own."""


def upgrade() -> None:
    with op.batch_alter_table("identity_account", schema=None) as table:
        table.add_column(
            sa.Column("rights_until", sa.BigInteger(), nullable=False, server_default="0")
        )
        table.create_index(table.f("ix_identity_account_rights_until"), ["rights_until"])
    with op.batch_alter_table("identity_grant", naming_convention=NAMES) as table:
        table.drop_constraint("identity_grant_holder_permission_role_scope_key", type_="unique")
        table.create_unique_constraint(
            "identity_grant_holder_permission_role_scope_taken_key",
            ["holder", "permission", "role", "scope", "taken"],
        )
    op.create_table(
        "identity_role",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("permissions", sa.String(), nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
    )
    period = op.create_table(
        "identity_period",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("holder", sa.String(), nullable=False),
        sa.Column("detail", sa.String(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("ended", sa.BigInteger(), nullable=False),
        sa.Column("begun_by", sa.String(), nullable=False),
        sa.Column("ended_by", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("identity_period", schema=None) as table:
        table.create_index(table.f("ix_identity_period_holder"), ["holder"])
        table.create_index(table.f("ix_identity_period_ended"), ["ended"])
    if rows := list(present()):
        op.bulk_insert(period, rows)


def present() -> Iterator[dict[str, Any]]:
    """Yield what stands now; what began before this release began when its parts were made."""
    found = op.get_bind().execute
    born = dict(found(sa.text("SELECT id, created_at FROM identity_group")).all())
    for account, state, made in found(
        sa.text("SELECT id, state, created_at FROM identity_account")
    ).all():
        born[account] = made
        yield row("state", account, {"state": state}, made)
    for group, name in found(sa.text("SELECT id, name FROM identity_group")).all():
        yield row("group", group, {"name": name}, born[group])
    for group, account in found(sa.text('SELECT "group", account FROM identity_membership')).all():
        since = max(born[group], born[account])
        yield row("membership", account, {"group": group}, since)
    for grant in found(
        sa.text(
            "SELECT id, holder, permission, role, scope, taken, until, created_by, created_at"
            " FROM identity_grant"
        )
    ).all():
        detail = {
            "id": grant.id,
            "permission": grant.permission,
            "role": grant.role,
            "scope": grant.scope,
            "taken": bool(grant.taken),
            "until": grant.until,
        }
        yield row("grant", grant.holder, detail, grant.created_at, grant.created_by)


def row(kind: str, holder: str, detail: dict[str, Any], since: int, by: str = "") -> dict[str, Any]:
    """Return one open period; its detail as `app.identity.periods` writes it."""
    return {
        "id": new_identifier(),
        "kind": kind,
        "holder": holder,
        "detail": json.dumps(detail, ensure_ascii=False, separators=(",", ":")),
        "since": since,
        "ended": 0,
        "begun_by": by,
        "ended_by": "",
    }
