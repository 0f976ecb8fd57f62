"""What the agent does about maintenance windows without being asked."""

import threading

from appliance.machine.applying import applying_at
from appliance.maintenance.keeper import Keeper
from appliance.maintenance.opening import Maintenance
from appliance.maintenance.reception import Reception
from appliance.maintenance.rooms import Rooms
from appliance.place import Place


def keep_windows(place: Place, stop: threading.Event) -> None:
    """Look after the windows of a machine that is this copy's own. For the agent's start."""
    applying = applying_at(place)
    if applying is not None:
        rooms = Rooms(place)
        Keeper(Maintenance(rooms, applying), stop).start()
        Reception(rooms, stop).start()
