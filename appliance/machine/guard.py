"""The guard: `python -m appliance.machine.guard`.

Stands by while a change is put into effect and waits to be confirmed, in a process and session of
its own, so that it outlives the agent. It takes the change back when nobody confirms in time, when
whoever applied it has died in the middle (then the folder's lock is free), or when the machine was
started anew; and where that fails it says so and tries again, for as long as it takes.
"""

import logging
import os
import sys
import time
from typing import Final

from appliance.contract.configuration.errors import ApplyUnderWay
from appliance.contract.configuration.state import Reason
from appliance.log import configure_logging
from appliance.machine.applying import applying_at
from appliance.machine.standing_by import STANDS, alone
from appliance.machine.versions import Armed, Versions, boot_identifier, boot_time
from appliance.place import Place, load_place

LOG: Final = logging.getLogger("appliance.machine.guard")
LOOKS: Final = 0.2
"""Seconds between two looks. A revert is at most this late."""
AGAIN: Final = 2.0
"""Seconds until a revert that failed is tried again."""


def due(armed: Armed, boot: str, at: float) -> Reason | None:
    """Return why a change must be taken back now; none while it may wait.

    Whoever asks holds the lock: a change that is still being put into effect is so by nobody.
    """
    if armed.boot != boot:
        return Reason.restarted
    if armed.deadline is None:
        return Reason.interrupted
    return Reason.not_confirmed if at >= armed.deadline else None


def watch(place: Place) -> None:
    """Look until nothing is armed."""
    applying = applying_at(place)
    if applying is None:
        return
    versions = applying.versions
    while (seen := versions.armed()) is not None:
        pause = LOOKS
        try:
            with versions.locked():
                armed = versions.armed()
                reason = due(armed, boot_identifier(), boot_time()) if armed else None
                if reason:
                    applying.take_back(reason)
        except ApplyUnderWay:
            pass  # it is being applied, confirmed or taken back at this moment
        except Exception:
            LOG.exception("version %d cannot be taken back; trying again", seen.version)
            pause = AGAIN
        time.sleep(pause)


def wake() -> int:
    """Watch what is armed, unless another guard does: as a unit, which a timer starts."""
    configure_logging("guard")
    place = load_place()
    with alone(Versions(place.machine)) as is_alone:
        if is_alone:
            watch(place)
    return 0


def main(ready: int, released: int) -> int:
    """Stand by, say so into the descriptor `ready`, and watch from the end of `released` on."""
    configure_logging("guard")
    place = load_place()
    versions = Versions(place.machine)
    while True:
        with alone(versions) as is_alone:
            if is_alone or versions.armed() is not None:
                os.write(ready, STANDS)
                os.close(ready)
                os.read(released, 1)  # nobody writes: it ends when who sent this guard lets go
                if is_alone:
                    watch(place)
                return 0
        time.sleep(LOOKS / 4)  # the one of the change before has seen its end, and is going


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])) if sys.argv[1:] else wake())
