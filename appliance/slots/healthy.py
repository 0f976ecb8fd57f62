"""Whether this start is a good one: both planes answer, database included (boot-complete.target).

Waits until they do. It fails, and with that the start, only where another one can go better: where
the running slot is damaged, or the other one holds another release. What hinders the planes else (a
full disk, a database) is the same after a restart, and somebody at the screen may be mending it.
"""

import http.client
import logging
import sys
import time
from http import HTTPStatus
from pathlib import Path
from typing import Final

from appliance.contract.configuration.errors import ProgramRefused
from appliance.contract.disks.state import Part
from appliance.contract.errors import ApplianceError
from appliance.contract.over_socket import OverSocket
from appliance.log import configure_logging
from appliance.place import Place, load_place
from appliance.slots.filling import copies, other_of
from appliance.storage import programs
from appliance.storage.facts import Facts, gather
from appliance.storage.looking import arrays_by_part

LOG: Final = logging.getLogger("appliance.slots")
PLANES: Final = ("console", "workspace")
PAUSE_SECONDS: Final = 1.0
ANSWER_SECONDS: Final = 10.0
PATIENCE_SECONDS: Final = 900.0
"""A starved machine has migrated its database by then."""


def answers(socket: Path) -> bool:
    """Tell whether a plane answers on its socket, and its database to it."""
    connection = OverSocket(socket, ANSWER_SECONDS)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def is_healthy(place: Place) -> bool:
    """Tell whether both planes answer."""
    return all(answers(place.run / f"{plane}.sock") for plane in PLANES)


def another_may_help(facts: Facts) -> bool:
    """Tell whether another start may go better than this one. Raise ProgramRefused."""
    others = [other_of(one, facts) for one in facts.disks]
    if any(one and not one.is_empty and not one.bears(copies(facts)) for one in others):
        return True
    arrays = arrays_by_part(facts)
    data, hashes = (arrays[part].kname for part in (Part.slot, Part.hashes))
    return not programs.is_slot(data, hashes, facts.roothash)


def wait(place: Place, patience: float = PATIENCE_SECONDS, pause: float = PAUSE_SECONDS) -> bool:
    """Wait until the machine is healthy; return no where another start may go better."""
    until, asked = time.monotonic() + patience, False
    while not is_healthy(place):
        if not asked and time.monotonic() >= until:
            asked = True
            try:
                if another_may_help(gather()):
                    return False
                LOG.warning("the planes do not answer; the system itself is whole")
            except (ApplianceError, ProgramRefused, KeyError):
                LOG.exception("whether another start may go better cannot be told")
        time.sleep(pause)
    return True


def main() -> int:
    """Wait. Return 0; 1 where this start has failed."""
    configure_logging("slots")
    if wait(load_place()):
        return 0
    LOG.error("this start has failed: the planes do not answer, and another start may go better")
    return 1


if __name__ == "__main__":
    sys.exit(main())
