"""Who opens the volume, put right: `python -m appliance.volume`.

A unit of its own (`tenshu-keeper.service`), at each start and whenever the agent was asked to
change something. The TPM gets the key, or gets it anew; a key that lies on the disks is taken away
once that is safe.
"""

import logging
import sys
from pathlib import Path
from typing import Final

from appliance.contract.errors import ApplianceError
from appliance.log import configure_logging
from appliance.place import load_place
from appliance.volume.facts import DEVICE
from appliance.volume.keeping import KeptKeys
from appliance.volume.programs import Volume
from appliance.volume.working import Working

LOG: Final = logging.getLogger("appliance.volume")
OWN: Final = Path("/var/lib/tenshu-keeper/key")
SCRATCH: Final = Path("/run/tenshu-keeper")


def main() -> int:
    """Work to the end. Return 0; 1 where the volume cannot be looked at."""
    configure_logging("volume")
    try:
        Working(KeptKeys(load_place()), Volume(DEVICE, SCRATCH), OWN).run()
    except (ApplianceError, OSError) as error:
        LOG.error("the volume cannot be looked at: %s", error)  # noqa: TRY400
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
