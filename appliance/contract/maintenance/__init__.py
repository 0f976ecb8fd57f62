"""Maintenance access: what is asked for and answered about windows, sessions and recordings."""
