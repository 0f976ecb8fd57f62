"""Grants out of the database as the compiler takes them: columns, never an object a row."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sqlmodel import Session, col, select

from app.identity.compiling import Given
from app.identity.models import Grant


class Held(NamedTuple):
    """A grant, who holds it and who gave it."""

    holder: str
    """Account or group."""
    created_by: str
    """Account; empty where it came with the setup."""
    given: Given


def read_grants(session: Session, holders: Sequence[str] | None = None) -> Iterator[Held]:
    """Yield what was given to or taken from some accounts and groups themselves, or from all."""
    columns = [getattr(Grant, name) for name in ("holder", "created_by", *Given.__struct_fields__)]
    question = select(*columns)
    if holders is not None:
        question = question.where(col(Grant.holder).in_(holders))
    for holder, created_by, *values in session.exec(question):
        given = Given(**dict(zip(Given.__struct_fields__, values, strict=True)))
        yield Held(holder, created_by, given)
