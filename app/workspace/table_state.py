"""What a table's page shows, as its address says it: a link shows the same to whoever opens it.

    /tables/12?view=7&q=東京&sort=-5,3&where={"filters":[…]}&cols=3,1&group=4&sums=5.sum

What the address does not say is as the view says; without a view it is all of the table.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlencode

import msgspec

from app.core.errors import InvalidInput
from app.core.messages import mark
from app.services.tables.definition import PLAIN, Definition
from app.services.tables.grouping import How, Sum
from app.services.tables.selection import MOST_SORTS, Conditions, Sort

LONGEST_SEARCH: Final = 200
LONGEST_WHERE: Final = 2_500
"""Characters of conditions in an address: a plane takes 4 KiB of it."""
NO_CONDITIONS: Final = mark("The address holds conditions that cannot be read. Choose them anew.")
TOO_LONG: Final = mark("These conditions are too long for an address. Save them as a view.")
NAMES: Final = ("view", "q", "where", "sort", "cols", "hide", "group", "sums", "alone", "sheet")


class State(msgspec.Struct, frozen=True, kw_only=True):
    """What an address says; empty where it leaves something to the view."""

    view: int = 0
    q: str = ""
    where: str = ""
    sort: str = ""
    cols: str = ""
    hide: str = ""
    group: str = ""
    sums: str = ""
    alone: str = ""
    """Groups without their records."""
    sheet: str = ""
    """The records as a sheet that is edited like a spreadsheet."""

    def address(self, table: int, **changes: str | int) -> str:
        """Return the address of this state, changed so; marks of pages are left out."""
        said = {name: changes.get(name, getattr(self, name)) for name in NAMES}
        further = {name: value for name, value in changes.items() if name not in said}
        return f"/tables/{table}{_query({**said, **further})}"

    @property
    def query(self) -> str:
        """The end of an address that says this state."""
        return _query(self.said)

    @property
    def said(self) -> dict[str, str | int]:
        """What it says, by name, as a form keeps it."""
        return {name: getattr(self, name) for name in NAMES if getattr(self, name)}

    @property
    def changes_view(self) -> bool:
        """Tell whether the address says other things than the view that it names."""
        return any((self.where, self.sort, self.cols, self.hide, self.group, self.sums))

    def conditions(self) -> Conditions | None:
        """Return the conditions; None where the address says none. Raise InvalidInput."""
        return read_where(self.where) if self.where else None

    def over(self, view: Definition = PLAIN) -> Definition:
        """Return what a view says, changed by the address. Raise InvalidInput."""
        asked = self.conditions()
        return msgspec.structs.replace(
            view,
            where=view.where if asked is None else asked,
            sorts=read_sorts(self.sort) if self.sort else view.sorts,
            columns=tuple(numbers(self.cols)) if self.cols else view.columns,
            group=whole(self.group) if self.group else view.group,
            sums=read_sums(self.sums) if self.sums else view.sums,
        )


def _query(said: Mapping[str, str | int]) -> str:
    query = {name: value for name, value in said.items() if value}
    return f"?{urlencode(query)}" if query else ""


def read_state(given: Mapping[str, Any]) -> State:
    """Return the state of an address or a form, whatever stands in it."""
    texts = {name: str(given.get(name, "")) for name in NAMES if name != "view"}
    texts["q"] = texts["q"][:LONGEST_SEARCH]
    return State(view=whole(str(given.get("view", ""))), **texts)


def read_where(text: str) -> Conditions:
    """Return the conditions that an address holds. Raise InvalidInput."""
    try:
        found = msgspec.json.decode(text, type=Conditions)
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError) as error:
        raise InvalidInput(field="where", reason=NO_CONDITIONS) from error
    texts = (text for one in found.every() for text in (one.value, one.second, *one.values))
    if any("\0" in text for text in texts):
        raise InvalidInput(field="where", reason=NO_CONDITIONS)
    return found


def write_where(where: Conditions) -> str:
    """Return conditions as an address holds them. Raise InvalidInput where they are too long."""
    text = msgspec.json.encode(where).decode()
    if len(urlencode({"where": text})) > LONGEST_WHERE:
        raise InvalidInput(field="where", reason=TOO_LONG)
    return text


def read_sorts(text: str) -> tuple[Sort, ...]:
    """Return the orders that an address asks for: `12,-5`, with `-` for the largest first."""
    parts = [part for part in text.split(",") if part][:MOST_SORTS]
    return tuple(
        Sort(field=whole(part.removeprefix("-")), descending=part.startswith("-")) for part in parts
    )


def write_sorts(sorts: Sequence[Sort]) -> str:
    """Return orders as an address holds them."""
    return ",".join(f"{'-' if one.descending else ''}{one.field}" for one in sorts)


def read_sums(text: str) -> tuple[Sum, ...]:
    """Return the figures that an address asks for: `5.sum,5.average`; unknown ones are none."""
    found = []
    for part in text.split(","):
        number, _, how = part.partition(".")
        if (field := whole(number)) and how in set(How):
            found.append(Sum(field=field, how=How(how)))
    return tuple(found[:10])


def write_sums(sums: Sequence[Sum]) -> str:
    """Return figures as an address holds them."""
    return ",".join(f"{one.field}.{one.how.value}" for one in sums)


def numbers(text: str) -> list[int]:
    """Return the numbers of a list, each once."""
    return [one for one in dict.fromkeys(map(whole, text.split(","))) if one]


def whole(text: object) -> int:
    """Return what plain digits say; 0 for everything else."""
    given = str(text)
    return int(given) if given.isascii() and given.isdigit() and len(given) < 10 else 0
