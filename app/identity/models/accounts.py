"""Accounts and what they may do: groups, memberships, grants."""

from sqlalchemy import BigInteger, Index, UniqueConstraint
from sqlmodel import Field

from app.core.rows import Row
from app.identity.access import ACCOUNT, CONSOLE_WRITES, renewed_by_workspace


class Account(Row, table=True):
    """One person, device or service. One login ID a person (F1)."""

    __tablename__ = "identity_account"
    __table_args__ = (
        # the orders of the list (app.operations.order): the column, and what breaks its ties
        Index("ix_identity_account_name", "name", "login_id"),
        Index("ix_identity_account_kind", "kind", "login_id"),
        Index("ix_identity_account_state", "state", "login_id"),
        Index("ix_identity_account_created_at", "created_at", "login_id"),
        renewed_by_workspace("language", "time_zone", "theme"),
    )

    id: str = Field(primary_key=True)
    login_id: str = Field(unique=True)
    """NFKC, case-folded."""
    name: str
    kind: str = "staff"
    """staff, partner, device or service."""
    state: str = "active"
    """active or suspended."""
    language: str = "ja"
    time_zone: str = "Asia/Tokyo"
    theme: str = ""
    """light, dark or contrast; empty: as the person's system."""
    employee_number: str | None = Field(default=None, unique=True)
    """NFKC, as the personnel department writes it; none for partners, devices, services."""
    mail: str = ""
    """Where invitations and reminders go; empty where nobody may write."""
    leaves_on: str = Field(default="", index=True)
    """Last day, `2027-03-31`, in the person's zone: that night it ends. Empty: stays."""
    successor: str = ""
    """Account that takes over what this one holds when it leaves."""
    rev: int = 1
    """Rises with each change: who changes gives the one that they have seen."""
    may_enrol: bool = False
    """New, or its factor was reset: the next sign-in on the console enrols a factor."""
    rights: str = "[]"
    """Compiled from grants, roles and groups: JSON list of [permission, scope], sorted; with a
    hyphen before the permission where it is taken away."""
    rights_until: int = Field(default=0, sa_type=BigInteger, index=True)
    """Compiled: when the first of these grants ends and the text is no longer true; 0: never."""
    bounds: str = ""
    """Compiled from access rules, roles and groups: from where and with what the person may come
    (`bounds`); empty where nothing limits it."""
    is_owner: bool = Field(default=False, index=True)
    """Compiled: holds the role of owner on everything, itself or through a group, whole and
    without an end."""
    created_at: int = Field(sa_type=BigInteger)
    changed_at: int = Field(sa_type=BigInteger)


class Group(Row, table=True):
    """People who hold the same grants."""

    __tablename__ = "identity_group"
    __table_args__ = (UniqueConstraint("parent", "name"), CONSOLE_WRITES)

    id: str = Field(primary_key=True)
    name: str
    """Once below the same parent: every branch has its 総務課."""
    is_department: bool = False
    """Its members come from the personnel list: a person is in one department."""
    parent: str = Field(default="", index=True)
    """Group (department) above this one; empty at the top. Never a circle."""
    head: str = Field(default="", index=True)
    """Account that answers for the members' rights."""
    rev: int = 1
    created_at: int = Field(sa_type=BigInteger)


class Membership(Row, table=True):
    """One account in one group."""

    __tablename__ = "identity_membership"
    __table_args__ = (CONSOLE_WRITES,)

    group: str = Field(primary_key=True, foreign_key="identity_group.id")
    account: str = Field(primary_key=True, foreign_key=ACCOUNT, index=True)


class Grant(Row, table=True):
    """Holder (account or group) × permission or role × scope."""

    __tablename__ = "identity_grant"
    __table_args__ = (
        UniqueConstraint("holder", "permission", "role", "scope", "taken"),
        CONSOLE_WRITES,
    )

    id: str = Field(primary_key=True)
    holder: str = Field(index=True)
    """Identifier of an account or a group."""
    permission: str = ""
    """Empty where a whole role is granted."""
    role: str = ""
    """One of the product's, or the identifier of an own one."""
    scope: str = ""
    taken: bool = False
    """Takes away from one account what it would hold otherwise, instead of giving."""
    until: int = Field(default=0, sa_type=BigInteger)
    """Ends then; 0: without end."""
    created_by: str = ""
    """Account that gave it; empty where it came with the setup."""
    created_at: int = Field(sa_type=BigInteger)
