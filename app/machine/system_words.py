"""What people read about starts and slots, on the pages and in the terminal."""

from typing import Final

from app.core.messages import mark
from appliance.contract.disks.system import CopyState, Reading, SystemView

RUNS: Final = {False: mark("{slot}, the system"), True: mark("{slot}, its copy")}
STATES: Final = {
    CopyState.none: ("neutral", mark("none yet: it is made after a good start")),
    CopyState.making: ("accent", mark("being made")),
    CopyState.whole: ("success", mark("verified")),
    CopyState.failed: ("danger", mark("could not be made")),
    CopyState.other: ("neutral", mark("another release")),
}
FROM_COPY: Final = mark("The machine runs from the copy of its system")
DAMAGED: Final = mark("The system is damaged on a disk")
NO_COPY: Final = mark("The system has no copy")


def why_from_copy(system: SystemView) -> str:
    """Return what of the system itself is to be said while its copy runs, and what to do."""
    if system.state is CopyState.whole:
        return mark(
            "The system itself did not start. It has been mended: restart the machine when it "
            "suits, and it starts from the system again."
        )
    if system.state is CopyState.failed:
        return mark(
            "The system itself did not start, and could not be mended. The machine goes on; if the "
            "copy is damaged too, it does not start any more. The page of the disks says why."
        )
    return mark("The system itself did not start. It is mended while the machine works.")


def how_read(reading: Reading | None) -> tuple[str, str, dict[str, object]]:
    """Return the kind, the words and their parameters for how the last look at every block went."""
    if reading is None:
        return "neutral", mark("not yet: every four weeks"), {}
    if reading.error_code:
        return "danger", mark("not all of it could be read"), {}
    if reading.left:
        bad = sum(one.bad - one.mended for one in reading.left)
        disks = ", ".join(sorted({one.disk for one in reading.left}))
        return "danger", mark("damaged on {disk}: {count} blocks"), {"disk": disks, "count": bad}
    if reading.damages:
        bad = sum(one.bad for one in reading.damages)
        return "warning", mark("{count} damaged blocks, all mended"), {"count": bad}
    return "success", mark("everything is right"), {}


def needs_somebody(system: SystemView) -> tuple[str, str] | None:
    """Return title and text of what needs somebody; nothing where all is as it should be."""
    if system.copy:
        return FROM_COPY, why_from_copy(system)
    if system.state is CopyState.failed:
        return NO_COPY, mark(
            "If the system is damaged, the machine does not start. The page of the disks says why "
            "it could not be made."
        )
    if system.reading and not system.reading.is_well:
        return DAMAGED, mark(
            "It was read through, and what is wrong could not be mended. The page of the disks "
            "says what to do."
        )
    return None
