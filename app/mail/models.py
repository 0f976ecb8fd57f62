"""The relay that mail leaves by, and the mails that wait for it."""

from sqlalchemy import BigInteger, Index
from sqlmodel import Field

from app.core.rows import Row


class StoredRelay(Row, table=True):
    """The one row about the relay."""

    __tablename__ = "mail_relay"
    __table_args__ = (
        {"info": {"access": {"console": "select insert update", "workspace": "select"}}},
    )

    id: int = Field(primary_key=True)
    document: str
    """JSON of `relay.Relay`."""
    password: str = Field(default="", sa_column_kwargs={"info": {"sealed": "mail relay password"}})
    rev: int = 1


class MailMessage(Row, table=True):
    """One mail. Times are milliseconds, 0 where the thing has not happened."""

    __tablename__ = "mail_message"
    __table_args__ = (
        Index("ix_mail_message_due", "state", "not_before"),
        {
            "info": {
                "access": {
                    "console": "select insert update delete",
                    "workspace": "select insert update delete",
                }
            }
        },
    )

    id: str = Field(primary_key=True)
    template: str
    recipient: str
    language: str
    content: str = Field(sa_column_kwargs={"info": {"sealed": "mail message {id}"}})
    """Subject and text, sealed: it may hold a link that opens a door. Emptied once it is sent."""
    created_at: int = Field(sa_type=BigInteger)
    created_by: str
    state: str
    attempts: int = 0
    not_before: int = Field(default=0, sa_type=BigInteger)
    lease_until: int = Field(default=0, sa_type=BigInteger)
    """A courier is at it until then."""
    finished_at: int = Field(default=0, sa_type=BigInteger)
    error: str = ""
    """Code of what stopped the last attempt."""
    error_parameters: str = "{}"
