"""Access reviews as operations."""

from app.reviews.operations import campaigns, closing, deciding, report

__all__ = ["campaigns", "closing", "deciding", "report"]
