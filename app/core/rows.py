"""Rows of the appliance's own tables."""

from sqlmodel import SQLModel


class Row(SQLModel):
    """A row; each table is a class of it, and so are columns that several tables have.

    Its validators are built when something is validated, which never happens: a table's class
    takes values as they are, and what comes from outside is an operation's input, validated there.
    Building all of them at each start took a tenth of the time in which a plane loads.
    """

    model_config = {"defer_build": True}
