"""What a plane's process holds: opened once, when the worker starts.

While modules load nothing becomes garbage, and looking for it takes a tenth of the start: granian's
main process switches it off (app.web.serve), and the worker, which inherits that, on again.
"""

import gc

from app.core.awaited import await_told
from app.core.database import Database
from app.core.keyring import KeyRing
from app.core.settings import load_settings
from app.jobs.handlers import load_handlers
from app.operations.context import Appliance


def end_loading() -> None:
    """Look for garbage again, but no more among what was loaded."""
    if not gc.isenabled():
        gc.freeze()
        gc.enable()


def open_appliance() -> Appliance:
    """Return the appliance of this process's settings."""
    load_handlers()  # an operation that starts a job must know its kind
    await_told()
    settings = load_settings()
    return Appliance(settings, Database(settings.database_url), KeyRing.load(settings.keys))
