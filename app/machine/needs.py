"""What the appliance's functions reach is told to the machine, whenever it changes.

Nobody opens a port by hand: the packet filter lets out what somebody has set up (a mail relay, a
syslog receiver), and closes it when it is removed. Whatever changes the settings (a page, the API,
the command line, a restored backup) is noticed at the next look.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from sqlmodel import Session

from app.machine.calling import caller_of, machine_for
from app.machine.operations.outgoing import NeededDestinations, tell_destinations
from app.operations.context import SYSTEM, Appliance, Context, Plane
from appliance.contract.configuration.outgoing import MOST, Needed

Source = Callable[[Session], Iterable[Needed]]
"""Yields what one function reaches; each function has one of its own."""


class Needs:
    """What was told last, and how to find out what is needed now."""

    def __init__(self, sources: Sequence[Source]) -> None:
        self._sources: Final = tuple(sources)
        self._told: tuple[Needed, ...] | None = None

    def tell(self, appliance: Appliance) -> bool:
        """Tell the machine if something has changed; return whether it has.

        Raise MachineError if the agent does not answer: then it is told at the next look.
        """
        with appliance.database.read() as session:
            found = [one for source in self._sources for one in source(session)]
        needed = tuple(dict.fromkeys(found))[:MOST]
        if needed == self._told:
            return False
        context = Context(appliance, actor=SYSTEM, plane=Plane.LOCAL)
        with machine_for(context) as machine:
            before = machine.destinations(caller_of(context))
        if needed != before:
            tell_destinations(context, NeededDestinations(before=before, needed=needed))
        self._told = needed
        return needed != before
