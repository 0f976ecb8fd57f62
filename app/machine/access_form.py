"""The page's form for lists and areas, as a change of the document's text. Pure.

What people wrote beside the values in the document stays; a list whose name or networks are emptied
goes, and one that is called otherwise stays in its areas.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from app.core.messages import mark
from appliance.contract.configuration.access import PRIVATE, PRIVATE_NAME, Area
from appliance.contract.configuration.document import Document
from appliance.contract.configuration.places import steps
from appliance.contract.configuration.problems import (
    ConfigurationProblem,
    DefinedTwice,
    Missing,
    NoSuchPlace,
)
from appliance.contract.configuration.writing import change

NEW: Final = "+new"
"""Stands in an area for the list that the form's last row makes."""
NAME, NETWORKS, NOTE = "name", "networks", "note"
_SEPARATORS: Final = re.compile(r"[\s,、，]+")
_WHAT: Final = {NAME: mark("Name of a list of addresses"), NETWORKS: mark("Its networks")}


class ListRow(msgspec.Struct, frozen=True):
    """One list of addresses as the form shows it."""

    name: str = ""
    networks: str = ""
    """One a line."""
    note: str = ""
    before: str = ""
    """What it is called in the document; empty for a new one."""

    @property
    def stays(self) -> bool:
        """Tell whether the document gets a list by this row."""
        return bool(self.name and self.networks)

    @property
    def is_half(self) -> bool:
        """Tell whether it is a new one of which something is missing."""
        return not self.before and not self.stays and bool(self.name or self.networks or self.note)


class AccessForm(msgspec.Struct, frozen=True):
    """Everything that the form holds."""

    lists: tuple[ListRow, ...]
    areas: dict[str, tuple[str, ...]]
    """As they were chosen: lists by what they were called before, NEW for the new one."""
    new: ListRow = ListRow()


def form_of(document: Document) -> AccessForm:
    """Return the form that shows a document."""
    return AccessForm(
        lists=tuple(
            ListRow(name, "\n".join(one.networks), one.note, name)
            for name, one in document.access.lists.items()
        ),
        areas={area.value: document.access.of(area) for area in Area},
    )


def read_form(typed: Mapping[str, Any]) -> AccessForm:
    """Return the form as it was typed; its rows are `list-0-name`, `list-0-networks` and so on."""
    rows = []
    number = 0
    while f"list-{number}-name" in typed:
        parts = (NAME, NETWORKS, NOTE, "before")
        row = [str(typed.get(f"list-{number}-{part}", "")).strip() for part in parts]
        rows.append(ListRow(*(text.replace("\r\n", "\n") for text in row)))
        number += 1
    areas = {}
    for area in Area:
        chosen = typed.get(area.value, ())
        every = [chosen] if isinstance(chosen, str) else list(chosen)
        areas[area.value] = tuple(dict.fromkeys(map(str, every)))
    return AccessForm(tuple(rows[:-1]), areas, rows[-1] if rows else ListRow())


def change_text(text: str, document: Document, form: AccessForm) -> str:
    """Return the document's text with what the form changes, and nothing else."""
    lists: dict[str, dict[str, Any]] = {}
    called = {}
    for row in (*form.lists, form.new):
        called[row.before or NEW] = row.name
        if row.stays:
            lists[row.name] = {"networks": _SEPARATORS.split(row.networks)}
            if row.note:
                lists[row.name]["note"] = row.note
    if lists != _as_written(document):
        lists = {name: one for name, one in lists.items() if not _is_private(name, one)}
        text = change(text, "access.lists", lists)
    for area in Area:
        chosen = [called.get(one) or one for one in form.areas[area.value]]
        names = [name for name in dict.fromkeys(chosen) if name != NEW]
        if tuple(names) != document.access.of(area):
            text = change(text, f"access.{area.value}", names)
    return text


def mistakes(form: AccessForm) -> Iterator[tuple[str, ConfigurationProblem]]:
    """Yield field and problem of what the form alone shows: the document could not say it."""
    seen = set()
    for number, row in enumerate((*form.lists, form.new)):
        here = f"list-{number}"
        if row.is_half or (number == len(form.lists) and not row.stays and _is_chosen(form)):
            for part, value in ((NAME, row.name), (NETWORKS, row.networks)):
                if not value:
                    yield (
                        f"{here}-{part}",
                        Missing(place="access.lists", description=_WHAT[part]),
                    )
        if row.stays and row.name in seen:
            yield f"{here}-{NAME}", DefinedTwice(place="access.lists", value=row.name)
        seen.add(row.name)


def _is_chosen(form: AccessForm) -> bool:
    return any(NEW in chosen for chosen in form.areas.values())


def field_of(place: str, form: AccessForm) -> str:
    """Return the field at which a problem of the document is told; empty where there is none."""
    try:
        section, *way = steps(place)
    except NoSuchPlace:
        return ""
    if section != "access" or not way:
        return ""
    if way[0] != "lists":
        return str(way[0]) if way[0] in list(Area) else ""
    rows = [row.name if row.stays else None for row in (*form.lists, form.new)]
    if len(way) < 2 or way[1] not in rows:
        return ""
    part = str(way[2]) if len(way) > 2 else NAME
    return f"list-{rows.index(str(way[1]))}-{part}"


def _as_written(document: Document) -> dict[str, dict[str, Any]]:
    return {
        name: {"networks": list(one.networks), **({"note": one.note} if one.note else {})}
        for name, one in document.access.lists.items()
    }


def _is_private(name: str, written: Mapping[str, Any]) -> bool:
    return name == PRIVATE_NAME and tuple(written["networks"]) == PRIVATE.networks
