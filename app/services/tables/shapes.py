"""Which fields a table had at a moment, and in which columns: written short beside each change.

`1-24` are the fields 1 to 24, each in its own column; `7:31` is field 7 in column 31, since its
type was changed. The order is that of the leaves.
"""

import functools

from app.services.tables.physical import TableInfo


@functools.lru_cache(maxsize=256)
def shape_of(table: TableInfo) -> str:
    """Return the shape of a table as it is now."""
    parts: list[str] = []
    first = last = 0
    for field in table.fields:
        if field.col not in (0, field.id):
            parts += _run(first, last)
            first = last = 0
            parts.append(f"{field.id:d}:{field.col:d}")
        elif first and field.id == last + 1:
            last = field.id
        else:
            parts += _run(first, last)
            first = last = field.id
    return ",".join([*parts, *_run(first, last)])


def _run(first: int, last: int) -> list[str]:
    if not first:
        return []
    return [f"{first:d}" if first == last else f"{first:d}-{last:d}"]


@functools.lru_cache(maxsize=1024)
def read_shape(text: str) -> dict[int, int]:
    """Return the column of each field, in order; nothing of a change that kept no shape."""
    found: dict[int, int] = {}
    for part in text.split(",") if text else ():
        field, turned, column = part.partition(":")
        if turned:
            found[int(field)] = int(column)
            continue
        first, _, last = part.partition("-")
        found.update((one, one) for one in range(int(first), int(last or first) + 1))
    return found
