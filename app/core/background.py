"""Work that nobody waits for gives way to what somebody does."""

import logging
import os
from typing import Final

LOG: Final = logging.getLogger("tenshu.background")
LOWEST: Final = 19


def give_way() -> None:
    """Take the lowest priority; where a sandbox forbids that, the work is done all the same."""
    try:
        os.nice(LOWEST)
    except PermissionError as error:
        LOG.warning("this work goes on beside what is awaited: %s", error)
