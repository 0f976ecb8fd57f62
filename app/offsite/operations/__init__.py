"""Destinations: shown, set, tried; and what the shippers note."""

from app.offsite.operations import changing, mailing, noting, showing, trying

__all__ = ["changing", "mailing", "noting", "showing", "trying"]
