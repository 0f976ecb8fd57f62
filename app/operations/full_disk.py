"""Changes while the disk is full: the ordinary ones wait, sign-in, audit and cleaning go on."""

from collections.abc import Callable
from typing import TypeVar

from sqlmodel import Session

from app.core import reserve
from app.core.database_errors import DiskFull
from app.core.reserve import ReserveSpent, State
from app.operations.context import Appliance

Result = TypeVar("Result")


def change(appliance: Appliance, work: Callable[[Session], Result]) -> Result:
    """Run an ordinary change. Raise DiskFull before it starts where only the reserve has room."""
    require_space(appliance)
    return appliance.database.change(work)


def require_space(appliance: Appliance) -> None:
    """Raise DiskFull unless an ordinary change may start."""
    reserve.require_space(appliance.settings, appliance.database.shrink)


def change_in_reserve(appliance: Appliance, work: Callable[[Session], Result]) -> Result:
    """Run a change that may use the reserve. Raise ReserveSpent where that is used up too."""
    if not reserve.keep_server_alive(appliance.settings):
        raise ReserveSpent
    try:
        return appliance.database.change(work)
    except DiskFull as full:
        reserve.release(appliance.settings)  # or another process did, a moment ago
        found = reserve.state(appliance.settings)
        if not found.size:
            raise
        if found.state is State.SPENT:
            raise ReserveSpent from full
    try:
        return appliance.database.change(work)
    except DiskFull as full:
        raise ReserveSpent from full
