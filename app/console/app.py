"""The console's application, as its worker process makes it."""

import contextlib

from app.backups.watch import Watch
from app.console.health import health_of
from app.console.pages import console_pages
from app.console.search import find
from app.core.errors import TenshuError
from app.core.lifeline import die_with_parent
from app.identity.ending import Ending
from app.identity.revoking import Revoking
from app.leaving.watch import Watch as LeavingWatch
from app.machine.certificate_watch import certificate_watch
from app.machine.disk_watch import disk_watch
from app.machine.fault_watch import fault_watch
from app.machine.needs import Needs
from app.machine.recording_watch import check_all_recordings
from app.machine.watch import Watch as MachineWatch
from app.mail.destinations import mail_destinations
from app.offsite.daily import mail_what_is_due
from app.offsite.destinations import offsite_destinations
from app.operations.context import Plane
from app.privacy.watch import keep_no_longer, reapply_missing
from app.reviews.watch import remind_everybody
from app.web.gate import AsgiApplication
from app.web.plane import create_plane
from app.web.process import open_appliance


def create() -> AsgiApplication:
    """Return the ASGI application of the console, its watches started."""
    die_with_parent()
    appliance = open_appliance()
    watches = (
        Watch(appliance),
        MachineWatch(appliance, Needs((mail_destinations, offsite_destinations))),
        certificate_watch(appliance),
        disk_watch(appliance),
        fault_watch(appliance),
        LeavingWatch(
            appliance,
            further=(keep_no_longer, remind_everybody, mail_what_is_due, check_all_recordings),
            always=(reapply_missing,),
        ),
        Ending(appliance),
        Revoking(appliance),
    )
    with contextlib.suppress(TenshuError):  # the watch tries again
        reapply_missing(appliance)  # before anybody can look at what a restore brought back
    for watch in watches:
        watch.start()

    def stop() -> None:
        for watch in watches:
            watch.stop()

    return create_plane(
        appliance,
        Plane.CONSOLE,
        console_pages(),
        at_end=stop,
        health_of=health_of,
        find=find,
    )
