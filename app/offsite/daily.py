"""The night's work on daily mails: every destination of mail gets the day that is due, once.

It stands with the console's night's work, which waits for a steady clock (`app.leaving.watch`).
Mails and day are committed together, so a kill neither doubles nor loses a day.
"""

from app.core import clock
from app.core.errors import TenshuError
from app.offsite import progress
from app.offsite.days import day_of, is_due
from app.offsite.kinds import DailyMail
from app.offsite.operations.mailing import MailDay, mail_day
from app.offsite.shipping import note_failure, system_of
from app.operations.context import Appliance


def mail_what_is_due(appliance: Appliance) -> int:
    """Queue the mails of the day where they are due; return how many."""
    with appliance.database.read() as session:
        found = progress.all_standing(session)
    queued, now = 0, clock.now()
    for one in found:
        if not isinstance(one.target, DailyMail) or not progress.is_due(one, now):
            continue
        day = day_of(now, one.target.hour, one.target.zone)
        if not is_due(day, one.day):
            continue
        try:
            wanted = MailDay(destination=one.id, day=day.isoformat())
            queued += mail_day(system_of(appliance), wanted).mails
        except TenshuError as error:  # the others go on
            note_failure(appliance, one, error)
    return queued
