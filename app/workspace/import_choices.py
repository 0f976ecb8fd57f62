"""What a person chooses about a file, as forms and addresses carry it."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from app.services.tables.physical import MOST_FIELDS
from app.workspace.table_state import whole

READING: Final = ("encoding", "delimiter", "header", "sheet", "skip")
MERGING: Final = ("fields", "key", "mode", "clear", "totals", "ditto", "whole")


def ticked(data: Mapping[str, Any], name: str) -> bool:
    """Tell whether a box was ticked."""
    return data.get(name) == "yes"


def reading(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return how a file is read; what was not chosen is guessed."""
    skip, header = str(data.get("skip", "")), str(data.get("header", ""))
    if "was" in data and data["was"] != data.get("sheet"):
        skip = header = ""  # where the list begins in another sheet is to be found anew
    return {
        "encoding": str(data.get("encoding", "")),
        "delimiter": str(data.get("delimiter", "")),
        "header": {"yes": True, "no": False}.get(header),
        "sheet": str(whole(data.get("sheet", ""))),
        "skip": skip or None,
    }


def merging(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return how the rows of a file meet the records of a table."""
    fields = [whole(one) for one in str(data.get("fields", "")).split(".")[:MOST_FIELDS]]
    return {
        "how": {
            "fields": fields,
            "key": whole(data.get("key", "")),
            "mode": str(data.get("mode", "add")),
            "clear": ticked(data, "clear"),
        },
        "without_totals": ticked(data, "totals"),
        "ditto": ticked(data, "ditto"),
        "whole": ticked(data, "whole"),
    }


def chosen_fields(data: Mapping[str, Any]) -> str:
    """Return the field of each column as one text: `12.0.13`."""
    count = min(whole(data.get("columns", "")), MOST_FIELDS)
    return ".".join(str(whole(data.get(f"field-{place}", ""))) for place in range(count))


def query_of(data: Mapping[str, Any], names: tuple[str, ...]) -> str:
    """Return what was chosen as the query of an address."""
    return urlencode({name: str(data[name]) for name in names if str(data.get(name, ""))})
