"""Destinations: shown, set, tried; and what the shippers note."""

from app.offsite.operations import changing, noting, showing, trying

__all__ = ["changing", "noting", "showing", "trying"]
