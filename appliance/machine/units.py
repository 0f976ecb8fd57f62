"""systemd in the guard's place, where it is the first process of a machine that is ours.

Before a change a timer is armed, `tenshu-revert@12.timer`. It outlives whatever the agent does, and
its unit is the guard itself (`appliance.machine.guard`), which needs to look only when the time is
nearly over, or when the agent has died in the middle. A restart of the machine ends the timer: then
`appliance.machine.starting` takes the change back before the network comes up.
"""

from pathlib import Path
from typing import Final

from appliance.contract.configuration.errors import ApplyFailed, ProgramRefused
from appliance.machine.facts import SYSTEMD
from appliance.machine.programs import ask
from appliance.machine.versions import Armed, boot_time
from appliance.place import Place

ACCURACY: Final = "100ms"
"""systemd would gather timers within a minute, to wake seldom."""


def are_ours(place: Place) -> bool:
    """Tell whether units can be told what to do for this copy."""
    return SYSTEMD.is_dir() and place.machine_root == Path("/")


def unit(version: int) -> str:
    """Return the name of what takes a version back, without its ending."""
    return f"tenshu-revert@{version}"


class Timer:
    """Wakes the guard when a version's time is nearly over."""

    def __init__(self, version: int, seconds: int) -> None:
        self._version, self._seconds = version, seconds

    def stands(self) -> None:
        """Arm it. Raise ApplyFailed: then nothing may be changed."""
        # counted from now, and so a little before the end, which is counted from the change
        words = (f"--unit={unit(self._version)}.service", f"--on-active={self._seconds}s")
        try:
            ask("systemd-run", "--quiet", f"--timer-property=AccuracySec={ACCURACY}", *words)
        except ProgramRefused as error:
            reason = f"the timer that would take it back is not armed: {error}"
            raise ApplyFailed(reason=reason) from error


def watch(armed: Armed) -> None:
    """Let the guard look from now on. Raise ApplyFailed."""
    try:
        ask("systemctl", "start", "--no-block", f"{unit(armed.version)}.service")
    except ProgramRefused as error:
        raise ApplyFailed(reason=f"the guard's unit does not start: {error}") from error


def is_missing(armed: Armed) -> bool:
    """Tell whether nobody looks after what is armed: neither guard nor, while there is time, timer.

    A timer stands still while the machine sleeps; the window does not.
    """
    if _is_active(f"{unit(armed.version)}.service"):
        return False
    in_time = armed.deadline is None or boot_time() < armed.deadline
    return not (in_time and _is_active(f"{unit(armed.version)}.timer"))


def _is_active(name: str) -> bool:
    try:
        ask("systemctl", "is-active", "--quiet", name)
    except ProgramRefused:
        return False
    return True
