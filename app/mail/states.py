"""The states that a mail goes through."""

import enum


class MailState(enum.StrEnum):
    """Where a mail stands."""

    WAITING = "waiting"
    SENT = "sent"
    """The relay has taken it; what it does with it, its own log tells."""
    FAILED = "failed"
    """Refused for good, or given up after three days."""
