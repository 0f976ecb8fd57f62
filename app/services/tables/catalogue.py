"""Finding and making tables: definition and SQL table in one transaction."""

import functools
from collections.abc import Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import ColumnElement, Table, bindparam, insert, select, update
from sqlmodel import Session, SQLModel

from app.core import clock
from app.core.errors import NotFound
from app.core.identifiers import new_identifier
from app.core.messages import mark
from app.core.prepared import Prepared
from app.services.tables import physical
from app.services.tables.errors import NotReady, TooManyColumns
from app.services.tables.fields import PLAIN, FieldInfo, Settings
from app.services.tables.models import FieldDefinition, FieldKind, TableDefinition, TableState
from app.services.tables.physical import TableInfo
from app.services.tables.rules import of_text

definitions: Table = SQLModel.metadata.tables[str(TableDefinition.__tablename__)]
fields: Table = SQLModel.metadata.tables[str(FieldDefinition.__tablename__)]


_ALL: Final = Prepared(
    select(definitions)
    .where((definitions.c.deleted_at != 0) == bindparam("deleted"))
    .order_by(definitions.c.name, definitions.c.id)
)
_columns = (
    select(
        fields.c.table_id,
        fields.c.id,
        fields.c.name,
        fields.c.kind,
        fields.c.scale,
        fields.c.settings,
        fields.c.col,
        fields.c.changing,
        fields.c.deleted_at,
    )
    .where(fields.c.successor_of == 0)
    .order_by(fields.c.position, fields.c.id)
)
_COLUMNS: Final = Prepared(_columns)
_OF_ONE: Final = Prepared(_columns.where(fields.c.table_id == bindparam("table")))
_ONE: Final = Prepared(select(definitions).where(definitions.c.id == bindparam("table")))
_DESIGN: Final = Prepared(
    select(definitions.c.design).where(definitions.c.id == bindparam("table"))
)
_NAMES: Final = tuple(column.name for column in definitions.c)

Columns = tuple[tuple[Any, ...], ...]
"""Number, name, kind … of each field of a table, in order, the deleted ones too."""
MOST_DESIGNS: Final = 512
_designs: dict[str, TableInfo] = {}
"""What was read of tables, by design: each change of a record asks for its table."""


@functools.lru_cache(maxsize=512)
def _info(definition: tuple[Any, ...], columns: Columns) -> TableInfo:
    """Return the table of a definition's row and its fields' rows.

    The same object for the same rows: all that is built of a table is kept under it.
    """
    values = dict(zip(_NAMES, definition, strict=True))
    values["state"] = TableState(values["state"])
    values["rules"] = of_text(values["rules"])
    del values["design"]
    return TableInfo(
        fields=tuple(_field(column) for column in columns if not column[-1]),
        has_deleted=any(column[-1] for column in columns),
        **values,
    )


def _field(column: tuple[Any, ...]) -> FieldInfo:
    number, name, kind, scale, settings, col, changing, _deleted = column
    return FieldInfo(
        id=number,
        name=name,
        kind=FieldKind(kind),
        scale=scale,
        settings=PLAIN if settings == "{}" else msgspec.json.decode(settings, type=Settings),
        col=col,
        changing=bool(changing),
    )


def all_tables(session: Session, *, deleted: bool = False) -> list[TableInfo]:
    """Return every table, by name; with `deleted` those that are deleted instead."""
    columns: dict[int, list[tuple[Any, ...]]] = {}
    for table, *field in _COLUMNS.all(session):
        columns.setdefault(table, []).append(tuple(field))
    rows = _ALL.all(session, deleted=deleted)
    return [_info(tuple(row), tuple(columns.get(row.id, ()))) for row in rows]


def every_table(session: Session) -> list[TableInfo]:
    """Return every table by number, the deleted ones too: their rows still lie in the database."""
    both = all_tables(session), all_tables(session, deleted=True)
    return sorted((table for some in both for table in some), key=lambda table: table.id)


def find_table(session: Session, table: int, *, deleted: bool = False) -> TableInfo:
    """Return one table in whatever state it is. Raise NotFound."""
    row = _DESIGN.first(session, table=table)
    found = row and (_designs.get(row.design) or _read(session, table, row.design))
    if not found or bool(found.deleted_at) is not deleted:
        raise NotFound(kind=mark("table"), name=table)
    return found


def _read(session: Session, table: int, design: str) -> TableInfo:
    columns = tuple(row[1:] for row in _OF_ONE.all(session, table=table))
    if len(_designs) >= MOST_DESIGNS:
        _designs.clear()
    _designs[design] = read = _info(_ONE.first(session, table=table), columns)
    return read


def ready_table(session: Session, table: int) -> TableInfo:
    """Return one table whose rows people see. Raise NotFound or NotReady."""
    found = find_table(session, table)
    if found.state is not TableState.READY:
        raise NotReady(name=found.name)
    return found


def change_definition(
    session: Session, table: int, *stands: ColumnElement[bool], **values: object
) -> bool:
    """Change what the definition of a table says, if it `stands` so; tell whether it did.

    The only way to change one: it gets a new design.
    """
    change = update(definitions).where(definitions.c.id == table, *stands)
    changed = session.connection().execute(change.values(design=new_identifier(), **values))
    return changed.rowcount == 1


def row_of(table: int, field: FieldInfo, position: int) -> dict[str, object]:
    """Return the values of a new field's row in the catalogue."""
    return {
        "table_id": table,
        "name": field.name,
        "kind": field.kind.value,
        "scale": field.scale,
        "position": position,
        "deleted_at": 0,
        "settings": settings_text(field.settings),
        "col": 0,
        "successor_of": 0,
        "changing": "",
        "counter": 0,
        "counted": "",
    }


def settings_text(settings: Settings) -> str:
    """Return what was chosen as the catalogue keeps it."""
    return msgspec.json.encode(settings).decode()


def make_table(
    session: Session,
    *,
    name: str,
    columns: Sequence[FieldInfo],
    account: str,
    state: TableState,
    source: str = "",
) -> TableInfo:
    """Make a table of `columns`, whose numbers are given here. Raise TooManyColumns."""
    if len(columns) > physical.MOST_FIELDS:
        raise TooManyColumns(columns=len(columns), limit=physical.MOST_FIELDS)
    connection = session.connection()
    table = connection.execute(
        insert(definitions)
        .values(
            name=name,
            state=state.value,
            source=source,
            created_at=clock.now(),
            created_by=account,
            deleted_at=0,
            rev=1,
            design=new_identifier(),
            rules="[]",
        )
        .returning(definitions.c.id)
    ).scalar_one()
    connection.execute(
        insert(fields),
        [row_of(table, column, position) for position, column in enumerate(columns)],
    )
    made = find_table(session, table)
    physical.create(session, made)
    return made
