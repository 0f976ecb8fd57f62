"""What was answered to changes that carry a key of the caller's."""

from sqlalchemy import BigInteger
from sqlmodel import Field

from app.core.rows import Row


class Repeat(Row, table=True):
    """One change that was done, by the key that its caller gave it; times in milliseconds."""

    __tablename__ = "operations_repeat"
    __table_args__ = (
        {
            "info": {
                "access": {
                    "console": "select insert update delete",
                    "workspace": "select insert delete",
                    "audit": "",
                }
            }
        },
    )

    account: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    operation: str
    digest: str
    """SHA-256 of operation and arguments: another request is not answered by this one."""
    answer: str = Field(
        sa_column_kwargs={"info": {"sealed": "operations.repeat:{account}:{key}"}},
    )
    """JSON, sealed: it may hold whatever records hold."""
    at: int = Field(sa_type=BigInteger, index=True)
