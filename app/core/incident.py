"""Incident numbers: what a person reads to an administrator over the telephone."""

import secrets
from typing import Final

ALPHABET: Final = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""No 0/O, 1/I/L: they sound or look alike."""


def new_incident() -> str:
    """Return a number of eight characters, `T-7F3K-29QD`: page, log and history share it."""
    # every request has one; that some characters come a little more often gives nothing away
    drawn = "".join(ALPHABET[byte % len(ALPHABET)] for byte in secrets.token_bytes(8))
    return f"T-{drawn[:4]}-{drawn[4:]}"
