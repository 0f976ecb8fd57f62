"""Somebody stands by who would take a change back; without, nothing is changed.

A guard process, or a timer of systemd where that is the first process (`appliance.machine.units`).
"""

import contextlib
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Final, Protocol

from appliance import holding
from appliance.contract.configuration.errors import ApplyFailed
from appliance.contract.errors import ApplianceError
from appliance.machine import units
from appliance.machine.versions import Armed, Versions
from appliance.place import Place

LOG: Final = logging.getLogger("appliance.machine")

STANDS: Final = b"stands\n"
"""What the guard says when it looks."""
LOOKS: Final = 1.0
"""Seconds between two looks of the agent after its guard."""


class Guard:
    """A guard on its way: it starts while the change is prepared, and watches once released."""

    def __init__(self, place: Place) -> None:
        """Send it. Raise ApplyFailed."""
        said, says = os.pipe()
        heard, self._told = os.pipe()
        self._said = os.fdopen(said, "rb")
        try:
            guard = subprocess.Popen(  # noqa: S603 - our own module
                [sys.executable, "-P", "-m", "appliance.machine.guard", str(says), str(heard)],
                stdin=subprocess.DEVNULL,
                pass_fds=[says, heard],
                start_new_session=True,  # what ends the agent's group does not end its guard
                env={**os.environ, **place.environment()},
            )
        except OSError as error:
            self.release()
            raise ApplyFailed(reason=f"no guard can be sent: {error}") from error
        finally:
            os.close(says)
            os.close(heard)
        # nobody else waits for it, and it may stand for minutes
        threading.Thread(target=guard.wait, name="guard", daemon=True).start()

    def stands(self) -> None:
        """Return when it stands. Raise ApplyFailed: then nothing may be changed."""
        if self._said.readline() != STANDS:
            raise ApplyFailed(reason="the guard that would take it back does not start")

    def release(self) -> None:
        """Let it watch what is armed; it ends where nothing is. Whoever dies releases it, too."""
        self._said.close()
        os.close(self._told)


class StandingBy(Protocol):
    """Whoever takes a change back."""

    def stands(self) -> None:
        """Return when it stands. Raise ApplyFailed: then nothing may be changed."""


@contextlib.contextmanager
def guarded(place: Place, version: int, seconds: int) -> Iterator[StandingBy]:
    """Let somebody come who takes a version back; a guard watches from the block's end."""
    if units.are_ours(place):
        yield units.Timer(version, seconds)
        return
    with _guarded(place) as guard:
        yield guard


@contextlib.contextmanager
def _guarded(place: Place) -> Iterator[Guard]:
    guard = Guard(place)
    try:
        yield guard
    finally:
        guard.release()


def stand_by(place: Place) -> None:
    """Let a guard watch what is armed; return when it does. Raise ApplyFailed."""
    if units.are_ours(place):
        armed = Versions(place.machine).armed()
        if armed is not None:
            units.watch(armed)
        return
    with _guarded(place) as guard:
        guard.stands()


@contextlib.contextmanager
def alone(versions: Versions) -> Iterator[bool]:
    """Tell whether no guard stands; hold the place of the one meanwhile."""
    with holding.alone(versions.folder / "guard") as nobody_else:
        yield nobody_else


class Relief(threading.Thread):
    """Looks after the guard: where one should stand and none does, another is sent."""

    def __init__(self, place: Place, stop: threading.Event) -> None:
        super().__init__(name="relief", daemon=True)
        self._place, self._stop_asked = place, stop

    def run(self) -> None:
        """Look until told to stop."""
        versions = Versions(self._place.machine)
        while not self._stop_asked.wait(LOOKS):
            try:
                armed = versions.armed()
                if armed is not None and self._is_missing(versions, armed):
                    LOG.warning("no guard stands by; sending one")
                    stand_by(self._place)
            except (ApplianceError, OSError):
                LOG.exception("no guard can be sent; trying again")

    def _is_missing(self, versions: Versions, armed: Armed) -> bool:
        if units.are_ours(self._place):
            return units.is_missing(armed)
        with alone(versions) as missing:
            return missing
