"""Which lists of addresses reach an area, for pages that are about people."""

from typing import Final

from app.core.messages import mark, translate
from app.machine.errors import MachineError
from app.machine.operations import reading
from app.operations.context import Context
from app.operations.operation import NoRequest
from app.operations.permissions import Permission
from appliance.contract.configuration.access import Area
from appliance.contract.configuration.reading import read_document
from appliance.contract.configuration.sections import EVERYWHERE

EVERY: Final = mark("Everywhere")


def area_lists(context: Context) -> dict[str, list[str]]:
    """Return the names of each area's lists in the machine's document.

    Nothing where who asks may not see the machine, or nobody sets it up from here.
    """
    if not context.actor.rights.allows(Permission.MACHINE_VIEW):
        return {}
    try:
        found = reading.read_configuration(context, NoRequest())
    except MachineError:
        return {}
    access = read_document(found.document).access
    return {area.value: [_named(context, name) for name in access.of(area)] for area in Area}


def _named(context: Context, name: str) -> str:
    return translate(context.language, EVERY) if name == EVERYWHERE else name
