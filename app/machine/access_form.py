"""The page's form for lists and areas, as a change of the document's text. Pure.

What people wrote beside the values in the document stays; a list whose name or networks are emptied
goes.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from appliance.contract.configuration.access import PRIVATE, PRIVATE_NAME, Area
from appliance.contract.configuration.document import Document
from appliance.contract.configuration.writing import change

NEW: Final = "+new"
"""Stands in an area for the list that the form's last row makes."""
_SEPARATORS: Final = re.compile(r"[\s,、，]+")


class ListRow(msgspec.Struct, frozen=True):
    """One list of addresses as the form shows it."""

    name: str
    networks: str
    """One a line."""
    note: str = ""


class AccessForm(msgspec.Struct, frozen=True):
    """Everything that the form holds."""

    lists: tuple[ListRow, ...]
    areas: dict[str, tuple[str, ...]]


def form_of(document: Document) -> AccessForm:
    """Return the form that shows a document."""
    return AccessForm(
        lists=tuple(
            ListRow(name, "\n".join(one.networks), one.note)
            for name, one in document.access.lists.items()
        ),
        areas={area.value: document.access.of(area) for area in Area},
    )


def read_form(typed: Mapping[str, Any]) -> AccessForm:
    """Return the form as it was typed; its rows are `list-0-name`, `list-0-networks` and so on."""
    rows = []
    number = 0
    while f"list-{number}-name" in typed:
        row = [str(typed.get(f"list-{number}-{part}", "")) for part in ("name", "networks", "note")]
        rows.append(ListRow(row[0].strip(), row[1].strip(), row[2].strip()))
        number += 1
    new = rows[-1].name if rows else ""
    areas = {}
    for area in Area:
        chosen = typed.get(area.value, ())
        every = [chosen] if isinstance(chosen, str) else list(chosen)
        names = [new if one == NEW else str(one) for one in every]
        areas[area.value] = tuple(dict.fromkeys(name for name in names if name))
    return AccessForm(lists=tuple(rows), areas=areas)


def change_text(text: str, document: Document, form: AccessForm) -> str:
    """Return the document's text with what the form changes, and nothing else."""
    lists: dict[str, dict[str, Any]] = {}
    for row in form.lists:
        if row.name and row.networks:
            lists[row.name] = {"networks": _SEPARATORS.split(row.networks)}
            if row.note:
                lists[row.name]["note"] = row.note
    if lists != _as_written(document):
        lists = {name: one for name, one in lists.items() if not _is_private(name, one)}
        text = change(text, "access.lists", lists)
    for area in Area:
        if form.areas[area.value] != document.access.of(area):
            text = change(text, f"access.{area.value}", list(form.areas[area.value]))
    return text


def _as_written(document: Document) -> dict[str, dict[str, Any]]:
    return {
        name: {"networks": list(one.networks), **({"note": one.note} if one.note else {})}
        for name, one in document.access.lists.items()
    }


def _is_private(name: str, written: Mapping[str, Any]) -> bool:
    return name == PRIVATE_NAME and tuple(written["networks"]) == PRIVATE.networks
