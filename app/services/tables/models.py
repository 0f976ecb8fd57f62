"""What the appliance knows about people's tables. The rows themselves stand in `u{id}`."""

import enum
from typing import Any, Final

from sqlalchemy import BigInteger, Index
from sqlmodel import Field

from app.core.rows import Row


def _access(console: str) -> dict[str, Any]:
    return {"access": {"console": console, "workspace": "select insert update delete", "audit": ""}}


DESIGN: Final = _access("select")
CONTENT: Final = _access("")
"""Administrators' console sees that a table exists, never what stands in it."""
COUNTED: Final = _access("select(table_id, at)")
"""It sees how many there are, to tell what would go when they are kept for some days only."""


class TableState(enum.StrEnum):
    """Whether people see a table."""

    IMPORTING = "importing"
    READY = "ready"


class FieldKind(enum.StrEnum):
    """What a field holds; `types` says what that means. In the order in which forms offer them."""

    TEXT = "text"
    LONG_TEXT = "long_text"
    INTEGER = "integer"
    DECIMAL = "decimal"
    MONEY = "money"
    PERCENT = "percent"
    DATE = "date"
    DATE_TIME = "date_time"
    DURATION = "duration"
    CHECKBOX = "checkbox"
    SELECT = "select"
    MULTI_SELECT = "multi_select"
    PERSON = "person"
    GROUP = "group"
    EMAIL = "email"
    PHONE = "phone"
    URL = "url"
    POSTAL_CODE = "postal_code"
    ADDRESS = "address"
    LINK = "link"
    LINKS = "links"
    AUTONUMBER = "autonumber"
    CREATED_AT = "created_at"
    CREATED_BY = "created_by"
    UPDATED_AT = "updated_at"
    UPDATED_BY = "updated_by"


class TableDefinition(Row, table=True):
    """One table. Its SQL name is `u` and its number; what people call it stands only here."""

    __tablename__ = "tables_definition"
    __table_args__ = ({"sqlite_autoincrement": True, "info": DESIGN},)

    id: int | None = Field(default=None, primary_key=True)
    name: str
    state: str
    source: str = ""
    """Where its first content came from, as the person called it: a file name."""
    created_at: int = Field(sa_type=BigInteger)
    created_by: str
    deleted_at: int = Field(default=0, sa_type=BigInteger)
    """0 while it is not deleted; deleted tables are kept until maintenance drops them."""
    rev: int = 1
    design: str = ""
    """Identifier of the state of the definition and its fields: whoever changes something of them
    gives it a new one, in the same transaction. So what was read under it holds for good."""
    rules: str = "[]"
    """JSON list: who may do what with it (`rules.Rule`); without any, all who work with tables."""


class FieldDefinition(Row, table=True):
    """One field. Its SQL name is `c` and its number."""

    __tablename__ = "tables_field"
    __table_args__ = ({"sqlite_autoincrement": True, "info": DESIGN},)

    id: int | None = Field(default=None, primary_key=True)
    table_id: int = Field(foreign_key="tables_definition.id", index=True)
    name: str
    kind: str
    scale: int = 0
    """Decimals that a decimal field keeps; it is stored as value x 10^scale."""
    position: int
    deleted_at: int = Field(default=0, sa_type=BigInteger)
    settings: str = "{}"
    """JSON object: what was chosen for it (`fields.Settings`)."""
    col: int = 0
    """Number of the column that holds its values; 0: the field's own. Changing the kind of a field
    fills a new column, and then turns to it: nothing is converted in place."""
    successor_of: int = 0
    """Number of the field whose kind was changed: this row keeps the kind and the column that are
    out of use, for the way back; 0 for a field that people see."""
    changing: str = ""
    """Job that fills the column of the field's next kind; nobody writes to the field meanwhile."""
    counter: int = Field(default=0, sa_type=BigInteger)
    """The last running number that was given."""
    counted: str = ""
    """Period in which it was given; empty where counting never starts anew."""


class SavedView(Row, table=True):
    """A view of a table: somebody's own, or shared."""

    __tablename__ = "tables_view"
    __table_args__ = ({"sqlite_autoincrement": True, "info": CONTENT},)

    id: int | None = Field(default=None, primary_key=True)
    table_id: int = Field(foreign_key="tables_definition.id", index=True)
    name: str
    shared: str
    """With whom: `nobody` (it is its owner's), `all` who see the table, or `groups`."""
    groups: str = "[]"
    """JSON list: identifiers of the groups that it is shared with."""
    definition: str
    """JSON object: what it says (`definition.Definition`)."""
    rev: int = 1
    owner: str = Field(index=True)
    """Account that made it."""
    created_at: int = Field(sa_type=BigInteger)
    updated_at: int = Field(sa_type=BigInteger)
    updated_by: str
    deleted_at: int = Field(default=0, sa_type=BigInteger)


class ListPlaces(Row, table=True):
    """Where pages of a list can begin: the record at every thousandth row."""

    __tablename__ = "tables_place"
    __table_args__ = (
        Index("ix_tables_place_list", "table_id", "shape", unique=True),
        {"sqlite_autoincrement": True, "info": CONTENT},
    )

    id: int | None = Field(default=None, primary_key=True)
    table_id: int = Field(foreign_key="tables_definition.id")
    shape: str
    """SHA-256 of conditions and order, hexadecimal: lists that say the same share their places."""
    numbers: str
    """JSON list: numbers of records, no values of theirs."""
    rows: int = Field(sa_type=BigInteger)
    """How many rows the list had."""
    at: int = Field(sa_type=BigInteger)
    newest: str
    """The newest change of the table that it knows of."""


class RecordChange(Row, table=True):
    """What one operation did to rows: what the Merkle root in its event covers."""

    __tablename__ = "tables_change"
    __table_args__ = (
        Index("ix_tables_change_table", "table_id", "id"),
        Index("ix_tables_change_job", "table_id", "job", "id"),
        {"info": CONTENT},
    )

    id: str = Field(primary_key=True)
    table_id: int
    action: str
    at: int = Field(sa_type=BigInteger)
    by: str
    first: int = Field(sa_type=BigInteger)
    """Identifier of the first row; of the only one where one was changed."""
    last: int = Field(sa_type=BigInteger)
    rows: int = Field(sa_type=BigInteger)
    salt: str
    """Hexadecimal; part of each leaf, so that values cannot be guessed from hashes."""
    root: str
    """Hexadecimal Merkle root (RFC 6962) over the rows as they are after the change."""
    job: str = ""
    """Job that it is a part of, so that the whole can be taken back; empty for all else."""
    fields: str = ""
    """Which fields the leaves hold, in order, and in which columns those stood (`shapes`)."""
    way: str = ""
    """How it came: from a `page`, with a `token`, by a `job`."""


class RecordHistory(Row, table=True):
    """What a changed or deleted row was before. Created rows have no before."""

    __tablename__ = "tables_history"
    __table_args__ = (
        Index("ix_tables_history_record", "table_id", "record_id", "rev"),
        Index("ix_tables_history_change", "change_id", "id"),
        {"sqlite_autoincrement": True, "info": CONTENT},
    )

    id: int | None = Field(default=None, primary_key=True)
    change_id: str = Field(foreign_key="tables_change.id")
    table_id: int
    record_id: int = Field(sa_type=BigInteger)
    rev: int
    """Number of the state that the change made."""
    before: str
    """JSON object: field number → stored value."""


class ImportRejection(Row, table=True):
    """A row of a file that did not fit: kept whole, with the reason."""

    __tablename__ = "tables_rejection"
    __table_args__ = (
        Index("ix_tables_rejection_job", "job", "row"),
        {"sqlite_autoincrement": True, "info": COUNTED},
    )

    id: int | None = Field(default=None, primary_key=True)
    job: str
    table_id: int
    at: int = Field(default=0, sa_type=BigInteger)
    """When it was read; 0: when its table was made, which was made for the file then."""
    row: int
    """Number of the row in the file; the first line is 1."""
    column: str = ""
    """What the column is called; empty where the whole row is at fault."""
    value: str = ""
    reason: str
    """English text of the catalogue."""
    cells: str
    """JSON list of the row's cells as they were read."""


class SearchGram(Row, table=True):
    """Which rows of a block hold two characters one after the other, in one field."""

    __tablename__ = "tables_search_gram"
    __table_args__ = ({"sqlite_with_rowid": False, "info": CONTENT},)

    table_id: int = Field(primary_key=True)
    block: int = Field(primary_key=True)
    """Rows of neighbouring numbers (`grams.SIZE`)."""
    gram: int = Field(primary_key=True, sa_type=BigInteger)
    """Both characters, folded, in one number (`grams`)."""
    field_id: int = Field(primary_key=True)
    rows: bytes
    """Places in the block (`postings`)."""


class SearchBlock(Row, table=True):
    """Whether the grams of a block say all that stands in its rows, but for those that are late."""

    __tablename__ = "tables_search_block"
    __table_args__ = ({"sqlite_with_rowid": False, "info": CONTENT},)

    table_id: int = Field(primary_key=True)
    block: int = Field(primary_key=True)
    built: bool
    """Not while many rows of it are written: then the rows themselves are looked at."""
    stamp: str
    """Another one after each of such changes."""
    at: int = Field(sa_type=BigInteger)


class SearchLate(Row, table=True):
    """A row that changed by itself: looked at itself until its block is built anew."""

    __tablename__ = "tables_search_late"
    __table_args__ = ({"sqlite_with_rowid": False, "info": CONTENT},)

    table_id: int = Field(primary_key=True)
    record_id: int = Field(primary_key=True, sa_type=BigInteger)
    rev: int = Field(primary_key=True)
    """State in which it is since."""
