"""What each verb of the history means."""

from app.operations.registry import all_operations
from app.web.names import OTHER_EVENTS


def meanings() -> dict[str, str]:
    """Return verb → what it means, of all that the history may hold."""
    return {one.name: one.summary for one in all_operations()} | OTHER_EVENTS
