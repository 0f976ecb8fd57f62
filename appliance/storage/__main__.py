"""What is to be done to the disks, done to its end: `python -m appliance.storage`.

A unit of its own (`tenshu-mirror.service`), at each start and whenever the agent sees that there is
something to do. Sides that are dead are taken out of the mirrors; at the first start an empty disk
is taken in, later one that was a member and is here again; and whatever somebody wished.
"""

import logging
import sys
from typing import Final

from appliance.contract.configuration.errors import ProgramRefused
from appliance.contract.disks.state import Befell
from appliance.contract.errors import ApplianceError
from appliance.log import configure_logging
from appliance.place import Place, load_place
from appliance.records import now
from appliance.storage import programs
from appliance.storage.facts import Facts, gather
from appliance.storage.judging import by_itself, returned
from appliance.storage.keeping import Kept, Wish
from appliance.storage.looking import arrays_by_part, look
from appliance.storage.taking import Taker, failed

LOG: Final = logging.getLogger("appliance.storage")


def tidy(facts: Facts) -> bool:
    """Take dead sides out of the mirrors; tell whether there were any."""
    found = False
    for array in arrays_by_part(facts).values():
        if any(one.gone or "faulty" in one.states for one in array.members):
            LOG.warning("a dead side is taken out of %s", array.kname)
            programs.remove_dead(array.kname)
            found = True
    return found


def wish_by_itself(kept: Kept, facts: Facts) -> None:
    """Wish for a disk on nobody's word, once a start of the machine and where that is clear.

    Not later: a disk that fails in the middle of its work would come and go.
    """
    if kept.begun() == facts.boot:
        return
    seen = look(facts)
    back = returned(seen)
    found = back or (None if kept.begun() else by_itself(seen, facts.disks))
    if found is not None:
        wish = Wish(disk=found.id, serial=found.serial, begun_at=now(), returned=back is not None)
        kept.make_wish(wish)
        kept.happened(Befell.taken, found.serial or found.name)
    kept.begin(facts.boot)


def work(place: Place) -> None:
    """Do what is to be done. Raise ApplianceError where the disks cannot be looked at."""
    kept = Kept(place)
    facts = gather()
    if tidy(facts):
        facts = gather()
    if kept.wish() is None:
        wish_by_itself(kept, facts)
    while (wish := kept.wish()) is not None:
        try:
            Taker(kept, wish).run()
        except ApplianceError as error:
            LOG.warning("the disk could not be taken in: %s", error)
            kept.fail(failed(wish, error))
            kept.happened(Befell.not_taken, wish.serial or wish.disk, error.code)
            return
        LOG.info("the disk %s is taken in", wish.serial or wish.disk)
        kept.look_at_slots()  # it has no copy of the system yet
        kept.fulfil()


def main() -> int:
    """Work to the end. Return 0; 1 where the disks cannot be looked at."""
    configure_logging("storage")
    try:
        work(load_place())
    except (ApplianceError, ProgramRefused, OSError) as error:
        LOG.error("the disks cannot be looked after: %s", error)  # noqa: TRY400
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
