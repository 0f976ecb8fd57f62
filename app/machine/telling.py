"""A line of one of the machine's journals in the history: marked, in the same transaction."""

from app.machine.models import ToldHappening
from app.operations.context import Context


def mark_told(context: Context, journal: str, number: int) -> None:
    """Mark a line as told, so that no other event tells of it."""
    context.session.add(
        ToldHappening(
            machine=context.appliance.machine, journal=journal, number=number, at=context.now
        )
    )
