"""What the console remembers about the machine's runs."""

from sqlalchemy import BigInteger
from sqlmodel import Field

from app.core.rows import Row


class ToldRun(Row, table=True):
    """A run whose end stands in the history: it is told once."""

    __tablename__ = "backup_told_run"
    __table_args__ = ({"info": {"access": {"console": "select insert", "workspace": ""}}},)

    id: str = Field(primary_key=True)
    at: int = Field(sa_type=BigInteger)
