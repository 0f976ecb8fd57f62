"""The shippers' place in the worker."""

from collections.abc import Callable
from typing import Final

from app.core import clock
from app.jobs.standing import standing
from app.offsite.shipping import Shippers
from app.operations.context import Appliance

EVERY: Final = 2 * clock.SECOND

_shippers: Final = Shippers()


@standing("offsite.ship", every=EVERY, sends=True)
def ship(appliance: Appliance, is_stopping: Callable[[], bool]) -> None:
    """Send every destination what it does not have yet."""
    _shippers.turn(appliance, is_stopping)
