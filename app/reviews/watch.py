"""The night's work on reviews: whoever has not answered is reminded, while the clock is steady."""

from app.operations.context import SYSTEM, Appliance, Context, Plane
from app.operations.operation import NoRequest
from app.reviews.operations.reminding import Remind, list_reminders_due, remind


def remind_everybody(appliance: Appliance) -> int:
    """Queue the reminders that are due; return how many."""
    context = Context(appliance, actor=SYSTEM, plane=Plane.LOCAL)
    due = list_reminders_due(context, NoRequest()).campaigns
    return sum(remind(context, Remind(campaign)).mails for campaign in due)
