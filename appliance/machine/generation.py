"""The hypervisor has set this machine back to a snapshot while it ran, or copied it so.

`python -m appliance.machine.generation`, started by udev: Linux tells of a changed generation by a
notice alone (`NEW_VMGENID`). What follows is what follows at a start: nothing is sent, an epoch of
the history opens, sessions end, and an administrator decides (decision 46).
"""

import sys

from appliance.log import configure_logging
from appliance.machine import identity, units
from appliance.machine.starting import IN_DOUBT, SCREEN_IN_DOUBT, tell
from appliance.place import load_place


def main() -> int:
    """Return 0."""
    configure_logging("machine")
    place = load_place()
    if identity.changed(place, identity.marks()):
        tell(SCREEN_IN_DOUBT, IN_DOUBT)
        if units.are_ours(place):
            identity.start_anew()
    return 0


if __name__ == "__main__":
    sys.exit(main())
