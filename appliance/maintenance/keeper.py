"""The windows looked after: the clock closes them; what a killed session left is written down."""

import logging
import threading
from typing import Final

import msgspec

from appliance.contract.errors import ApplianceError
from appliance.contract.maintenance.state import Ending, Happening, What
from appliance.holding import is_held
from appliance.maintenance.opening import Maintenance
from appliance.maintenance.recording import digest_of
from appliance.maintenance.rooms import Rooms
from appliance.records import now

LOG: Final = logging.getLogger("appliance.maintenance")
LOOKS: Final = 1.0
"""Seconds between two looks: how late a window closes by the clock."""


class Keeper(threading.Thread):
    """Looks until told to stop; the first look carries out all that a killed agent left."""

    def __init__(self, maintenance: Maintenance, stop: threading.Event) -> None:
        super().__init__(name="keeper", daemon=True)
        self._maintenance, self._stop_asked = maintenance, stop

    def run(self) -> None:
        """Look; say once what keeps it from that."""
        trouble = ""
        while True:
            try:
                self._maintenance.look()
                end_killed_sessions(self._maintenance.rooms)
                trouble = ""
            except (ApplianceError, OSError) as error:
                if str(error) != trouble:
                    LOG.exception("the windows cannot be looked after; trying again")
                trouble = str(error)
            if self._stop_asked.wait(LOOKS):
                return


def end_killed_sessions(rooms: Rooms) -> None:
    """Write down the end of sessions whose process died in the middle. Raise OSError."""
    newest = rooms.book.newest()
    if not newest:
        return
    for found in rooms.book.sessions(newest):
        path = rooms.book.recording(newest, found.id)
        if found.ended is not Ending.none or is_held(path):
            continue
        session = rooms.book.session(newest, found.id)  # it may have ended between the looks
        if session.ended is not Ending.none:
            continue
        digest, count = digest_of(path)
        rooms.journal.append(
            Happening(
                at=now(), what=What.session_ended, window=newest, session=session.id,
                who=rooms.book.read(newest).who, source=session.source, ended=Ending.killed,
                digest=digest, bytes=count,
            )
        )  # fmt: skip
        rooms.book.keep_session(
            msgspec.structs.replace(
                session, ended=Ending.killed, ended_at=now(), digest=digest, bytes=count
            )
        )
