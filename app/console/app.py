"""The console's application, as its worker process makes it."""

from app.backups.watch import Watch
from app.console.health import health_of
from app.console.pages import console_pages
from app.console.search import find
from app.core.lifeline import die_with_parent
from app.operations.context import Plane
from app.web.gate import AsgiApplication
from app.web.plane import create_plane
from app.web.process import open_appliance


def create() -> AsgiApplication:
    """Return the ASGI application of the console, its watch over the machine's runs started."""
    die_with_parent()
    appliance = open_appliance()
    watch = Watch(appliance)
    watch.start()
    return create_plane(
        appliance,
        Plane.CONSOLE,
        console_pages(),
        at_end=watch.stop,
        health_of=health_of,
        find=find,
    )
