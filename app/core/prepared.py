"""Statements of hot paths: SQLAlchemy builds each once, then the driver gets it as it is.

SQLAlchemy takes about 60 µs to build and run a short statement, the driver 5. What changes from
call to call is a named value (`bindparam`); what a statement looks like is the same for good.
Values and results are those of the driver: texts, whole numbers, bytes and nothing else.
"""

from collections import namedtuple
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Delete, Insert, Select, Update
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session


class _Form(NamedTuple):
    """The statement as one database takes it."""

    text: str
    names: Sequence[str] | None
    """Names of the values in the order of the placeholders; None where they go by name."""
    fixed: Mapping[str, Any]
    """Values that stand in the statement itself."""


class Prepared:
    """One statement. `names` are the columns that an INSERT or UPDATE takes values for."""

    def __init__(
        self,
        statement: Select[Any] | Insert | Update | Delete,
        names: Sequence[str] | None = None,
    ) -> None:
        self._statement, self._names = statement, names
        self._forms: dict[str, _Form] = {}
        columns = [str(name) for name in statement.exported_columns.keys()]  # noqa: SIM118
        kind: Any = namedtuple("Row", columns, rename=True)  # type: ignore[misc]  # noqa: PYI024
        self._row = kind._make

    def first(self, session: Session, **values: Any) -> Any | None:  # noqa: ANN401 - any table's
        """Run it and return its first row, columns by name; None where there is none."""
        found = self._fetch(session, values)
        return self._row(found[0]) if found else None

    def all(self, session: Session, **values: Any) -> list[Any]:  # noqa: ANN401
        """Run it and return its rows, columns by name."""
        return list(map(self._row, self._fetch(session, values)))

    def run(self, session: Session, **values: Any) -> int:  # noqa: ANN401
        """Run it and return the number of rows that it wrote."""
        connection = session.connection()
        try:
            return int(self._execute(connection, values).rowcount)
        except _errors(connection) as error:
            raise _named(connection, error) from error

    def _fetch(self, session: Session, values: dict[str, Any]) -> list[tuple[Any, ...]]:
        connection = session.connection()
        try:
            found: list[tuple[Any, ...]] = self._execute(connection, values).fetchall()
        except _errors(connection) as error:
            raise _named(connection, error) from error
        return found

    def _execute(self, connection: Connection, values: dict[str, Any]) -> Any:  # noqa: ANN401
        form = self._forms.get(connection.dialect.name) or self._form(connection)
        given = {**form.fixed, **values}
        driver: Any = connection.connection.driver_connection
        if form.names is None:
            return driver.execute(form.text, given)
        return driver.execute(form.text, [given[name] for name in form.names])

    def _form(self, connection: Connection) -> _Form:
        compiled: Any = self._statement.compile(dialect=connection.dialect, column_keys=self._names)
        fixed = {
            name: bind.value for bind, name in compiled.bind_names.items() if not bind.required
        }
        form = _Form(str(compiled), compiled.positiontup, fixed)
        self._forms[connection.dialect.name] = form
        return form


def _errors(connection: Connection) -> Any:  # noqa: ANN401 - the driver's own class
    return connection.dialect.loaded_dbapi.Error


def _named(connection: Connection, error: Exception) -> Exception:
    """Return a driver's error as SQLAlchemy names it, without anybody's data."""
    return DBAPIError.instance(
        "prepared", None, error, _errors(connection), dialect=connection.dialect
    )
