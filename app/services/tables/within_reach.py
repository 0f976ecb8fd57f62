"""What somebody writes: into fields that they change, and into rows that stay theirs."""

from collections.abc import Iterable
from typing import Final

from app.core.errors import InvalidInput
from app.core.messages import mark
from app.services.tables.conditions import NO_FIELD
from app.services.tables.errors import OutOfReach
from app.services.tables.query import Rows

READ_ONLY: Final = mark("You may see this field, and not change it.")
UNSEEN: Final = mark(
    "A field that you may not see lacks a value that fits. Ask who designs the table."
)


def check_writable(rows: Rows, numbers: Iterable[int]) -> None:
    """Raise InvalidInput at the first field that the person does not change."""
    for number in numbers:
        if number not in rows.by_id:
            raise InvalidInput(field=str(number), reason=NO_FIELD)
        if number in rows.read_only:
            raise InvalidInput(field=rows.by_id[number].name, reason=READ_ONLY)


def unnamed(rows: Rows, error: InvalidInput) -> InvalidInput:
    """Return an error without the name of a field that the person does not see."""
    name = error.parameters["field"]
    is_hidden = any(one.name == name and one.id not in rows.by_id for one in rows.table.fields)
    return InvalidInput(field="", reason=UNSEEN) if is_hidden else error


def check_reach(rows: Rows, number: int) -> None:
    """Raise OutOfReach where a row that was written lies outside of the person's rows."""
    if rows.missing([number]):
        raise OutOfReach
