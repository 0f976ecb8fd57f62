"""What the machine needs when it starts: before the network comes up, and when the agent does.

`python -m appliance.machine.starting` runs before the network (`network-pre.target`): what waited
to be confirmed when the machine went down is taken back in the files, so that the network and the
rules come up as they were.
"""

import logging
import sys
from pathlib import Path
from typing import Final

from appliance.contract.actions import Caller
from appliance.contract.configuration.reading import read_document
from appliance.contract.configuration.state import ApplyConfiguration, Outcome, Reason
from appliance.contract.errors import ApplianceError
from appliance.contract.seed.state import SeedOutcome
from appliance.durable import write_whole
from appliance.log import configure_logging
from appliance.machine import clock, identity, seeding
from appliance.machine.applying import MACHINE, Applying, applying_at
from appliance.machine.kernel_rules import listed_rules
from appliance.machine.plan.desired import Concern
from appliance.machine.standing_by import stand_by
from appliance.machine.versions import Versions
from appliance.place import Place, load_place
from appliance.seed.found import FOUND

LOG: Final = logging.getLogger("appliance.machine")
FIRST: Final = "format = 1\n"
"""The document of a machine that nobody has set up yet: what the defaults say."""
SYSTEM: Final = Caller(account="system", plane=MACHINE)
SCREEN: Final = Path("/run/issue.d/tenshu-seed.issue")
"""What the machine's own screen shows of a seed that was not used."""
SCREEN_IN_DOUBT: Final = Path("/run/issue.d/tenshu-identity.issue")
IN_DOUBT: Final = """\
This machine may be a copy, or set back to a snapshot: its hardware or generation is another one.
Until an administrator decides on the console, no mail, no history and no backup leaves it.

"""


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


def tell(screen: Path, text: str) -> None:
    """Leave something to be read on the machine's own screen, by whose user nobody else is."""
    write_whole(screen, text.encode(), durable=False)
    screen.chmod(0o644)  # whatever the unit's mask took away


def first_document(applying: Applying, found: Path = FOUND, screen: Path = SCREEN) -> None:
    """Decide on the seed, and put the files of what it says, so that the network comes up with it.

    A seed that is wrong is told on the screen until somebody sets the machine up.
    """
    with applying.versions.locked(wait=True):
        seed, holds = seeding.decide(applying, found), applying.versions.current()
        if seed.outcome is SeedOutcome.accepted:
            applying.root.put(applying.desired(read_document(seed.document), 1))
        untouched = not holds or applying.versions.read(holds).account == SYSTEM.account
        if seed.outcome is SeedOutcome.refused and untouched:
            tell(screen, seeding.for_the_screen(seed))
            screen.chmod(0o644)  # whose process shows it has no right over the machine


def look_at_clock(place: Place) -> None:
    """Put a clock that cannot be right, before anything is dated by it."""
    try:
        clock.look_at_start(place.machine)
    except OSError:
        LOG.exception("the clock cannot be looked at; the machine starts by what it tells")


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
        _apply_first(applying)
    elif Concern.FIREWALL in applying.concerns() and not listed_rules():
        with versions.locked():
            applying.put(applying.desired(applying.document(holds), holds), holds, whole=True)


def _apply_first(applying: Applying) -> None:
    """Put the first document into effect: the seed's, or the one that says nothing."""
    folder = applying.versions.folder
    seed = seeding.recorded(folder)
    if seed and seed.outcome is SeedOutcome.accepted:
        document = ApplyConfiguration(
            document=seed.document, based_on=0, why=f"seed {seed.sha256}", despite_warnings=True
        )
        try:
            applying.apply(SYSTEM, document)
        except ApplianceError as error:
            LOG.exception("the seed does not take effect")
            seeding.took(folder, seed, error)
        else:
            seeding.took(folder, seed, None)
            return
    applying.apply(SYSTEM, ApplyConfiguration(document=FIRST, based_on=0))


def main() -> int:
    """Return 0, or 1 where this copy owns no machine."""
    configure_logging("machine")
    place = load_place()
    applying = applying_at(place)
    if applying is None:
        return 1
    look_at_clock(place)
    before_the_network(applying)
    first_document(applying)
    if identity.look(place, identity.marks()):
        tell(SCREEN_IN_DOUBT, IN_DOUBT)
    return 0


if __name__ == "__main__":
    sys.exit(main())
