"""Maintenance access: no standing way in; windows that the customer opens, recorded (S11)."""
