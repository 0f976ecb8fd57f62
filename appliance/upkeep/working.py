"""The agent begins what is due at night; systemd does it.

<data>/machine/upkeep.json          the night of each unit's last time
/run/tenshu-upkeep/mdcheck          how long the disks may be read: to the end of the night
"""

import datetime as dt
import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from appliance.contract.errors import ApplianceError
from appliance.durable import write_whole
from appliance.machine import units
from appliance.machine.applying import Applying
from appliance.machine.programs import ask
from appliance.place import Place
from appliance.upkeep.hours import Night, due, night_at

LOG: Final = logging.getLogger("appliance.upkeep")
PAUSE_SECONDS: Final = 60.0
MACHINE: Final = Path("/etc/machine-id")
TOLD: Final = Path("/run/tenshu-upkeep/mdcheck")


class Working(threading.Thread):
    """Looks each minute whether something is due, until it is stopped."""

    def __init__(
        self,
        place: Place,
        applying: Applying,
        stop: threading.Event,
        now: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC),
    ) -> None:
        super().__init__(name="upkeep", daemon=True)
        self._place, self._applying, self._stop_asked, self._now = place, applying, stop, now
        self._done = place.machine / "upkeep.json"

    def run(self) -> None:
        """Look each minute; where units cannot be told what to do their host does such work."""
        while units.are_ours(self._place) and not self._stop_asked.wait(PAUSE_SECONDS):
            try:
                self.look()
            except (ApplianceError, OSError):
                LOG.exception("the night's work cannot be begun; trying again")

    def look(self, told: Path = TOLD, machine: Path = MACHINE) -> None:
        """Begin what is due."""
        now = self._now()
        document = self._applying.document(self._applying.versions.current())
        night = night_at(document.upkeep, now)
        if night is None:
            return
        done = self._read()
        for work in due(machine.read_text("ascii").strip(), night, now, done):
            LOG.info("%s begins, for the night", work.unit)
            write_whole(told, _until(night, now).encode(), 0o644, durable=False)
            ask("systemctl", "start", "--no-block", work.unit)
            done[work.unit] = int(night.begins.timestamp())
            write_whole(self._done, msgspec.json.encode(done))

    def _read(self) -> dict[str, int]:
        try:
            return msgspec.json.decode(self._done.read_bytes(), type=dict[str, int])
        except (OSError, msgspec.MsgspecError):
            return {}


def _until(night: Night, now: dt.datetime) -> str:
    minutes = max(1, int((night.ends - now).total_seconds() // 60))
    return f'MDADM_CHECK_DURATION="{minutes} minutes"\n'
