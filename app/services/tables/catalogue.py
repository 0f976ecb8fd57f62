"""Finding and making tables: definition and SQL table in one transaction (table-engine, rule 2)."""

from collections.abc import Sequence

from sqlalchemy import Row, Table, insert, select
from sqlmodel import Session, SQLModel

from app.core import clock
from app.core.errors import NotFound
from app.core.messages import mark
from app.services.tables import physical
from app.services.tables.errors import NotReady, TooManyColumns
from app.services.tables.models import FieldDefinition, FieldKind, TableDefinition, TableState
from app.services.tables.physical import FieldInfo, TableInfo

definitions: Table = SQLModel.metadata.tables[str(TableDefinition.__tablename__)]
fields: Table = SQLModel.metadata.tables[str(FieldDefinition.__tablename__)]


def _fields_of(session: Session, tables: Sequence[int]) -> dict[int, list[FieldInfo]]:
    found: dict[int, list[FieldInfo]] = {table: [] for table in tables}
    query = (
        select(fields.c.table_id, fields.c.id, fields.c.name, fields.c.kind, fields.c.scale)
        .where(fields.c.table_id.in_(tables), fields.c.deleted_at == 0)
        .order_by(fields.c.position, fields.c.id)
    )
    for table, identifier, name, kind, scale in session.connection().execute(query):
        found[table].append(FieldInfo(id=identifier, name=name, kind=FieldKind(kind), scale=scale))
    return found


def _info(row: Row[tuple[object, ...]], columns: list[FieldInfo]) -> TableInfo:
    values = row._asdict()
    values["state"] = TableState(values["state"])
    return TableInfo(fields=tuple(columns), **values)


def all_tables(session: Session, *, deleted: bool = False) -> list[TableInfo]:
    """Return every table, by name; with `deleted` those that are deleted instead."""
    chosen = definitions.c.deleted_at != 0 if deleted else definitions.c.deleted_at == 0
    query = select(definitions).where(chosen).order_by(definitions.c.name, definitions.c.id)
    rows = session.connection().execute(query).all()
    columns = _fields_of(session, [row.id for row in rows])
    return [_info(row, columns[row.id]) for row in rows]


def find_table(session: Session, table: int, *, deleted: bool = False) -> TableInfo:
    """Return one table in whatever state it is. Raise NotFound."""
    row = session.connection().execute(select(definitions).where(definitions.c.id == table)).first()
    if row is None or bool(row.deleted_at) is not deleted:
        raise NotFound(kind=mark("table"), name=table)
    return _info(row, _fields_of(session, [table])[table])


def ready_table(session: Session, table: int) -> TableInfo:
    """Return one table whose rows people see. Raise NotFound or NotReady."""
    found = find_table(session, table)
    if found.state is not TableState.READY:
        raise NotReady(name=found.name)
    return found


def make_table(
    session: Session,
    *,
    name: str,
    columns: Sequence[tuple[str, FieldKind, int]],
    account: str,
    state: TableState,
    source: str = "",
) -> TableInfo:
    """Make a table of `columns` (name, kind, scale). Raise TooManyColumns."""
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
        )
        .returning(definitions.c.id)
    ).scalar_one()
    connection.execute(
        insert(fields),
        [
            {
                "table_id": table,
                "name": label,
                "kind": kind.value,
                "scale": scale,
                "position": position,
                "deleted_at": 0,
            }
            for position, (label, kind, scale) in enumerate(columns)
        ],
    )
    made = find_table(session, table)
    physical.create(session, made)
    return made
