"""Searches for a person and what they found; erasures that were carried out; how long is kept."""

from typing import Any, Final

from sqlalchemy import BigInteger, Index
from sqlmodel import Field

from app.core.rows import Row


def _access(console: str, workspace: str) -> dict[str, Any]:
    return {"access": {"console": console, "workspace": workspace, "audit": ""}}


ASKED: Final = _access("select insert update delete", "select update")
FOUND: Final = _access("select update delete", "select insert delete")
"""Here, and nowhere else, the console sees what stands in records: that is what was asked for."""
KEPT: Final = _access("select insert update delete", "")


class Disclosure(Row, table=True):
    """One search for everything about one person."""

    __tablename__ = "privacy_disclosure"
    __table_args__ = ({"info": ASKED},)

    id: str = Field(primary_key=True)
    account: str = Field(default="", index=True)
    """Empty for somebody who has no account."""
    text: str
    """What was searched for: names and numbers, one a line. Goes with the disclosure."""
    job: str
    """The job that searches."""
    found: int = 0
    looked_at: int = Field(default=0, sa_type=BigInteger)
    skipped: str = "[]"
    """JSON list: what could not be looked into."""
    created_by: str
    created_at: int = Field(sa_type=BigInteger, index=True)
    finished_at: int = Field(default=0, sa_type=BigInteger)
    erased_at: int = Field(default=0, sa_type=BigInteger)
    """The person was erased since then: nothing is left of what was found."""


class Finding(Row, table=True):
    """One thing that names the person."""

    __tablename__ = "privacy_finding"
    __table_args__ = (
        Index("ix_privacy_finding_disclosure", "disclosure", "id"),
        {"sqlite_autoincrement": True, "info": FOUND},
    )

    id: int | None = Field(default=None, primary_key=True)
    disclosure: str
    place: str = Field(index=True)
    """`tables/12/records/345`."""
    title: str
    why: str
    at: int = Field(sa_type=BigInteger)
    body: str
    """JSON object."""


class Applied(Row, table=True):
    """An erasure outside the history that was handed to whoever carries it out."""

    __tablename__ = "privacy_applied"
    __table_args__ = ({"info": KEPT},)

    erasure: str = Field(primary_key=True)
    """Event of the erasure; after a restore the same one, so that a missing row is seen."""
    place: str
    at: int = Field(sa_type=BigInteger)


class Retention(Row, table=True):
    """How long one kind of data is kept. No row: for ever."""

    __tablename__ = "privacy_retention"
    __table_args__ = ({"info": KEPT},)

    kind: str = Field(primary_key=True)
    days: int
    rev: int = 1
    ran_at: int = Field(default=0, sa_type=BigInteger)
    """When it was applied last (ms)."""
