"""What a plane's process holds: opened once, when the worker starts."""

from app.core.database import Database
from app.core.keyring import KeyRing
from app.core.settings import load_settings
from app.jobs.handlers import load_handlers
from app.operations.context import Appliance


def open_appliance() -> Appliance:
    """Return the appliance of this process's settings."""
    load_handlers()  # an operation that starts a job must know its kind
    settings = load_settings()
    return Appliance(settings, Database(settings.database_url), KeyRing.load(settings.keys))
