"""A table's list as a sheet: what its script is told, the same as the plain list shows."""

import msgspec

from app.operations.context import Context
from app.services.tables.definition import Definition
from app.services.tables.operations.cell_requests import FREE_CELLS
from app.services.tables.rules import Verb
from app.services.tables.types.registry import TYPES
from app.services.tables.views import FieldView, TableView
from app.workspace.record_pages import is_fixed
from app.workspace.table_state import State


def told(
    context: Context, table: TableView, state: State, shape: Definition, shown: list[FieldView]
) -> str:
    """Return what the sheet's script needs, as JSON: rows, columns and what the person may do."""
    may = {verb.value: verb in table.may for verb in (Verb.EDIT, Verb.CREATE, Verb.EXPORT)}
    # what writes cells asks for the right to edit; the right to add is asked besides
    may["create"] = may["create"] and may["edit"]
    said = {
        "table": table.id,
        "base": f"/tables/{table.id}",
        "owner": context.actor.account,
        "free": FREE_CELLS if may["export"] else context.appliance.settings.cells_without_export,
        "may": may,
        "asked": {
            "view": state.view,
            "search": state.q,
            "where": state.conditions(),
            "sorts": shape.sorts,
        },
        "fields": [_field(one) for one in shown],
    }
    return msgspec.json.encode(said).decode()


def _field(field: FieldView) -> dict[str, object]:
    options = [one.name for one in field.settings.options if not one.gone]
    return {
        "id": field.id,
        "name": field.name,
        "kind": field.kind.value,
        "number": TYPES[field.kind].is_number,
        "fixed": is_fixed(field),
        "options": options or None,
    }
