"""What was tried and failed, and is counted."""

from app.core.errors import TenshuError


class Counted(TenshuError):
    """A failed attempt: it was counted, and the count is kept although nothing else was done."""
