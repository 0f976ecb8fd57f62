"""Statements of hot paths: SQLAlchemy builds each once, then the driver gets it as it is.

SQLAlchemy takes about 60 µs to build and run a short statement, the driver 5. What changes from
call to call is a named value (`bindparam`); what a statement looks like is the same for good.
Values and results are those of the driver: texts, whole numbers, bytes and nothing else.
"""

import functools
from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter, itemgetter, methodcaller
from typing import Any, Final, NamedTuple, TypeVar

from sqlalchemy import Delete, Dialect, Insert, Select, Update
from sqlmodel import Session

from app.core.database_errors import named

Result = TypeVar("Result")

_rows: Final = methodcaller("fetchall")
_count: Final = attrgetter("rowcount")


class _Form(NamedTuple):
    """The statement as one database takes it."""

    text: str
    ordered: Callable[[Mapping[str, Any]], Sequence[Any]] | None
    """Puts named values in the order of the placeholders; None where they go by name."""
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
        self._row = functools.partial(tuple.__new__, kind)  # `_make` would count the columns again

    def first(self, session: Session, **values: Any) -> Any | None:  # noqa: ANN401 - any table's
        """Run it and return its first row, columns by name; None where there is none."""
        found = self._run(session, values, _rows)
        return self._row(found[0]) if found else None

    def all(self, session: Session, **values: Any) -> list[Any]:  # noqa: ANN401
        """Run it and return its rows, columns by name."""
        return list(map(self._row, self._run(session, values, _rows)))

    def run(self, session: Session, **values: Any) -> int:  # noqa: ANN401
        """Run it and return the number of rows that it wrote."""
        return int(self._run(session, values, _count))

    def _run(
        self, session: Session, values: dict[str, Any], told: Callable[[Any], Result]
    ) -> Result:
        opened: Any = session  # `Open`: each request comes by here a dozen times, `cast` is a call
        dialect = opened.dialect
        form = self._forms.get(dialect.name) or self._form(dialect)
        given = {**form.fixed, **values} if form.fixed else values
        try:
            bound = form.ordered(given) if form.ordered else given
            return told(opened.driver.execute(form.text, bound))
        except dialect.loaded_dbapi.Error as error:
            raise named(error, dialect) from error

    def _form(self, dialect: Dialect) -> _Form:
        compiled: Any = self._statement.compile(dialect=dialect, column_keys=self._names)
        fixed = {
            name: bind.value for bind, name in compiled.bind_names.items() if not bind.required
        }
        form = _Form(str(compiled), _in_order(compiled.positiontup), fixed)
        self._forms[dialect.name] = form
        return form


def _in_order(names: Sequence[str] | None) -> Callable[[Mapping[str, Any]], Sequence[Any]] | None:
    if names is None:
        return None
    if len(names) > 1:
        return itemgetter(*names)  # one call of C, where a loop would be one of Python
    return lambda given: tuple(map(given.__getitem__, names))
