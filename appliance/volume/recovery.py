"""Recovery keys as systemd writes them: 256 bits in letters that lie alike on every keyboard."""

import secrets
from typing import Final

LETTERS: Final = "cbdefghijklnrtuv"
"""Modhex: a letter for four bits, at one place in all Latin layouts, so also while a machine starts
whose keyboard nobody has set."""
BYTES: Final = 32
GROUP: Final = 8


def new_recovery_key() -> str:
    """Return a new one: eight groups of eight letters, with hyphens between."""
    letters = "".join(
        LETTERS[half] for byte in secrets.token_bytes(BYTES) for half in (byte >> 4, byte & 15)
    )
    return "-".join(letters[at : at + GROUP] for at in range(0, len(letters), GROUP))
