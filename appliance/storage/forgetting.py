"""All that the machine keeps is given up: `python -m appliance.storage.forgetting`.

A unit of its own (`tenshu-forget.service`), started by the agent alone. The mark is written first,
in the head of the state volume, so on each disk that mirrors it; the initrd reads it before it
opens the volume, and makes a new one. Then the key is destroyed: from then on nobody reads what was
there, whatever is cut. Without the mark nothing was done.
"""

import json
import logging
import sys
from pathlib import Path
from typing import Final

from appliance.contract.configuration.errors import ProgramRefused
from appliance.log import configure_logging
from appliance.storage.programs import destroy_keys, mark_volume, marks_of

LOG: Final = logging.getLogger("appliance.storage")
STATE: Final = Path("/dev/md/tenshu-state")
"""The mirror in which the volume lies, as the initrd names it; the open volume has its name too."""
BLOCKS: Final = Path("/sys/block")
MARK: Final = 31
"""Number of the mark among the tokens of the volume's head; the initrd reads the same one."""
KIND: Final = "tenshu-given-up"


def is_there(blocks: Path = BLOCKS) -> bool:
    """Tell whether the volume is open; sysfs says so to whoever sees no device, as the agent."""
    names = (path.read_text("ascii").strip() for path in blocks.glob("dm-*/dm/name"))
    return STATE.name in names


def forget(state: Path = STATE) -> None:
    """Mark the volume, then destroy its keys. Raise ProgramRefused where it cannot be marked."""
    if not marks_of(state, MARK):
        mark_volume(state, MARK, json.dumps({"type": KIND, "keyslots": []}))
    try:
        destroy_keys(state)
    except ProgramRefused:
        # it is marked: the next start makes the volume anew, and destroys them with it
        LOG.exception("the keys are destroyed by the next start")


def main() -> int:
    """Return 0 once the volume is marked, 1 where nothing was done."""
    configure_logging("storage")
    try:
        forget()
    except ProgramRefused:
        LOG.exception("the volume cannot be marked; nothing was done")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
