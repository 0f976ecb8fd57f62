"""The agent: `python -m appliance.agent`.

`TENSHU_DATA`, `TENSHU_KEYS` and `TENSHU_DATABASE_URL` say where this copy lives,
`TENSHU_MACHINE_ROOT` that the machine is its own (`appliance.place`); `TENSHU_AGENT_USERS` which
users may speak to it beside its own and root (names or numbers, separated by commas);
`TENSHU_AGENT_UNITS` of which systemd units their processes have to be. SIGTERM and SIGINT end it;
long actions go on.
"""

import logging
import os
import pwd
import signal
import sys
import threading
from collections.abc import Mapping
from functools import partial
from types import FrameType

from appliance.agent.disks import hear_of_start
from appliance.agent.dispatch import Dispatch
from appliance.agent.handlers import Handlers
from appliance.agent.keeping import keep_windows
from appliance.agent.peer import doorman
from appliance.agent.server import AlreadyRunning, Server
from appliance.certificates.looking import Looking
from appliance.faults.watching import Watching as FaultWatching
from appliance.log import configure_logging
from appliance.machine.applying import applying_at
from appliance.machine.counting import Accountant
from appliance.machine.following import Following
from appliance.machine.revocation import Revocations
from appliance.machine.standing_by import Relief
from appliance.machine.starting import set_up_machine
from appliance.place import load_place
from appliance.storage.watching import Watching
from appliance.upkeep.working import Working


def allowed_users(environ: Mapping[str, str]) -> frozenset[int]:
    """Return the numbers of the users who may speak to the agent. Raise KeyError for unknown ones.

    An empty list means nobody but root and the agent's own user, never everybody.
    """
    allowed = {0, os.geteuid()}
    for name in filter(None, (environ.get("TENSHU_AGENT_USERS") or "").split(",")):
        allowed.add(int(name) if name.isdigit() else pwd.getpwnam(name).pw_uid)
    return frozenset(allowed)


def main() -> int:
    """Serve until SIGTERM. Return 0, or 1 if another agent serves this data folder already."""
    configure_logging("agent")
    stop = threading.Event()

    def end(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
        stop.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    place = load_place()
    dispatch = Dispatch(Handlers(place), stop)
    if place.machine_root is not None:
        set_up_machine(place)
        Relief(place, stop).start()
        if applying := applying_at(place):
            Following(applying, stop).start()
            Accountant(applying, place.machine, stop).start()
            Working(place, applying, stop).start()
        Revocations(place, stop).start()
        keep_windows(place, stop)
        Watching(place, stop, partial(hear_of_start, place)).start()
        FaultWatching(place, stop).start()
    Looking(place, stop).start()
    try:
        Server(place.socket, dispatch, doorman(allowed_users(os.environ), os.environ), stop).serve()
    except AlreadyRunning as error:
        logging.error("another agent serves this data folder: %s is locked", error)  # noqa: LOG015, TRY400
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
