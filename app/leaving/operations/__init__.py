"""Leaving as operations: seeing, planning, taking back, ending."""

from app.leaving.operations import ending, listing, planning, showing

__all__ = ["ending", "listing", "planning", "showing"]
