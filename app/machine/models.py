"""What the console remembers about the versions of the machine's document."""

from sqlalchemy import BigInteger
from sqlmodel import Field

from app.core.rows import Row


class ToldVersion(Row, table=True):
    """A version whose end stands in the history: it is told once."""

    __tablename__ = "machine_told_version"
    __table_args__ = ({"info": {"access": {"console": "select insert", "workspace": ""}}},)

    machine: str = Field(primary_key=True)
    number: int = Field(primary_key=True)
    at: int = Field(sa_type=BigInteger)


class ToldHappening(Row, table=True):
    """An entry of one of the machine's journals that stands in the history: told once."""

    __tablename__ = "machine_told_happening"
    __table_args__ = ({"info": {"access": {"console": "select insert", "workspace": ""}}},)

    machine: str = Field(primary_key=True)
    journal: str = Field(primary_key=True)
    number: int = Field(primary_key=True)
    at: int = Field(sa_type=BigInteger)


class RecordingCheck(Row, table=True):
    """What the newest check of all recordings of maintenance has found."""

    __tablename__ = "machine_recording_check"
    __table_args__ = ({"info": {"access": {"console": "select insert update", "workspace": ""}}},)

    machine: str = Field(primary_key=True)
    at: int = Field(sa_type=BigInteger)
    checked: int
    wrong: str
    """Sessions that are not as the history tells, as JSON (`app.machine.operations.checking`)."""
