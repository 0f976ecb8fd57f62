"""Access reviews as operations."""

from app.reviews.operations import campaigns, closing, deciding, reminding, report

__all__ = ["campaigns", "closing", "deciding", "reminding", "report"]
