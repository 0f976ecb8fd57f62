"""What the machine needs when it starts: before the network comes up, and when the agent does.

`python -m appliance.machine.starting` runs before the network (`network-pre.target`): what waited
to be confirmed when the machine went down is taken back in the files, so that the network and the
rules come up as they were.
"""

import logging
import sys
from typing import Final

from appliance.contract.actions import Caller
from appliance.contract.configuration.state import ApplyConfiguration, Outcome, Reason
from appliance.contract.errors import ApplianceError
from appliance.log import configure_logging
from appliance.machine.applying import MACHINE, Applying, applying_at
from appliance.machine.kernel_rules import listed_rules
from appliance.machine.plan.desired import Concern
from appliance.machine.standing_by import stand_by
from appliance.machine.versions import Versions
from appliance.place import Place, load_place

LOG: Final = logging.getLogger("appliance.machine")
FIRST: Final = "format = 1\n"
"""The document of a machine that nobody has set up yet: what the defaults say."""


def tell_of_what_never_began(versions: Versions) -> None:
    """Say of a version that was written down just before its agent died that nothing was done."""
    newest = versions.newest()
    if newest and versions.armed() is None and versions.read(newest).outcome is Outcome.applying:
        versions.end(newest, Outcome.reverted, Reason.interrupted)


def before_the_network(applying: Applying) -> None:
    """Take back in the files what was not confirmed, and put the files of what holds."""
    versions = applying.versions
    with versions.locked(wait=True):
        armed = versions.armed()
        holds = versions.current()
        if holds:
            applying.root.put(applying.desired(applying.document(holds), holds))
        if armed is None:
            tell_of_what_never_began(versions)
            return
        if armed.version == holds:
            versions.end(holds, Outcome.confirmed, Reason.none)
        else:
            versions.end(armed.version, Outcome.reverted, Reason.restarted)
            LOG.warning("version %d was not confirmed before the machine went down", armed.version)
        versions.disarm()


def set_up_machine(place: Place) -> None:
    """Look after what a killed agent has left; set up a machine that is new. For the agent's start.

    What does not work is said in the log and on the pages; the agent serves on, so that it can be
    put right.
    """
    applying = applying_at(place)
    if applying is None:
        return
    try:
        _set_up(place, applying)
    except (ApplianceError, OSError):
        LOG.exception("the machine could not be set up")


def _set_up(place: Place, applying: Applying) -> None:
    versions = applying.versions
    with versions.locked(wait=True):
        tell_of_what_never_began(versions)
    holds = versions.current()
    if versions.armed() is not None:
        stand_by(place)
    elif not holds:
        first = ApplyConfiguration(document=FIRST, based_on=0)
        applying.apply(Caller(account="system", plane=MACHINE), first)
    elif Concern.FIREWALL in applying.concerns() and not listed_rules():
        with versions.locked():
            applying.put(applying.desired(applying.document(holds), holds), holds, whole=True)


def main() -> int:
    """Return 0, or 1 where this copy owns no machine."""
    configure_logging("machine")
    applying = applying_at(load_place())
    if applying is None:
        return 1
    before_the_network(applying)
    return 0


if __name__ == "__main__":
    sys.exit(main())
