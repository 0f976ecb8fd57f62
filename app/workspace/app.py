"""The workspace's application, as its worker process makes it."""

from app.core.lifeline import die_with_parent
from app.operations.context import Plane
from app.services.tables.drift import report_drift
from app.web.gate import AsgiApplication
from app.web.plane import create_plane
from app.web.process import open_appliance
from app.workspace.search import find
from app.workspace.side import side
from app.workspace.table_pages import table_pages


def create() -> AsgiApplication:
    """Return the ASGI application of the workspace, its tables compared with their definitions."""
    die_with_parent()
    appliance = open_appliance()
    report_drift(appliance.database)
    return create_plane(appliance, Plane.WORKSPACE, table_pages(), side=side, find=find)
