"""From document to text, and one value of a text changed with everything else left as it is.

What people wrote beside the values (comments, order, blank lines) is theirs: a form of the console
that changes one value leaves it alone. The text that comes out always says exactly what was asked
for: where tomlkit cannot do that to a text, it is written anew, without its comments.
"""

import tomllib
from copy import deepcopy
from typing import Any, Final

import msgspec
import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import Array

from appliance.contract.configuration.access import PRIVATE, PRIVATE_NAME
from appliance.contract.configuration.document import Document
from appliance.contract.configuration.places import leads, put, steps
from appliance.contract.configuration.problems import NoSuchPlace
from appliance.contract.configuration.reading import parse

_WIDE: Final = 88
"""Characters from which a list is written with a line for each entry."""


def write_document(document: Document) -> str:
    """Return a document as TOML; what is as it is by default is left out."""
    tree = msgspec.to_builtins(document)
    lists = tree["access"]["lists"] if "lists" in tree.get("access", {}) else {}
    if document.access.lists.get(PRIVATE_NAME) == PRIVATE:
        lists.pop(PRIVATE_NAME, None)
    return _anew(_without_empty(tree))


def change(text: str, place: str, value: Any) -> str:  # noqa: ANN401 - any TOML value
    """Return the text with the value at `place` changed; None gives the default back.

    Whether the new text is a document that can be is for `read_document` and `problems` to say.
    Raise Unreadable if the old one is no TOML, NoSuchPlace if `place` leads nowhere.
    """
    wanted = parse(text)
    put(wanted, place, deepcopy(value))
    try:
        changed = _kept(text, place, value)
        if tomllib.loads(changed) == wanted:
            return changed
    except (TOMLKitError, ValueError, LookupError, TypeError, AttributeError, NoSuchPlace):
        pass  # tomlkit does not take every text that is TOML
    return _anew(wanted)


def _kept(text: str, place: str, value: Any) -> str:  # noqa: ANN401
    """Return the text changed by tomlkit, which keeps comments."""
    document = tomlkit.parse(text)
    old: Any = document
    for step in steps(place):
        old = old[step] if leads(old, step) else None
    if isinstance(old, Array) and isinstance(value, list) and _plain(value) and _plain(old):
        _rearrange(old, value)
    else:
        put(document, place, _item(value))
    return document.as_string()


def _plain(values: Any) -> bool:  # noqa: ANN401
    return not any(isinstance(one, dict | list) for one in values)


def _rearrange(array: Array, values: list[Any]) -> None:
    """Take out and add entries one by one, so that the comments of the others stay."""
    for number in reversed(range(len(array))):
        if array[number] not in values:
            del array[number]
    for value in values[len(array) :] if list(array) == values[: len(array)] else ():
        array.append(value)
    if list(array) != values:
        array.clear()
        array.extend(values)


def _item(value: Any) -> Any:  # noqa: ANN401
    """Return a value as tomlkit writes it: lists of tables as tables of their own."""
    if _are_tables(value):
        tables = tomlkit.aot()
        for one in value:
            tables.append(_item(one))
        return tables
    if isinstance(value, dict):
        table = tomlkit.table()
        for name, one in sorted(value.items(), key=lambda entry: _is_table(entry[1])):
            table.add(name, _item(one))
        return table
    if isinstance(value, list):
        array = tomlkit.array()
        array.extend(value)
        return array.multiline(len(array.as_string()) > _WIDE)
    return value


def _is_table(value: Any) -> bool:  # noqa: ANN401
    """Return whether a value is a table of its own, which stands behind the plain ones (TOML)."""
    return isinstance(value, dict) or _are_tables(value)


def _are_tables(value: Any) -> bool:  # noqa: ANN401
    return isinstance(value, list) and bool(value) and all(isinstance(one, dict) for one in value)


def _without_empty(tree: dict[str, Any]) -> dict[str, Any]:
    found = {
        name: _without_empty(value) if isinstance(value, dict) else value
        for name, value in tree.items()
    }
    return {name: value for name, value in found.items() if value != {}}


def _anew(tree: dict[str, Any]) -> str:
    document = tomlkit.document()
    for name, value in sorted(tree.items(), key=lambda entry: _is_table(entry[1])):
        document.add(name, _item(value))
    return document.as_string()
