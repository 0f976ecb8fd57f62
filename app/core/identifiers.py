"""Identifiers: made by us, opaque to everybody, in the order of their making."""

import secrets

from app.core import clock


def new_identifier() -> str:
    """Return 28 hexadecimal digits: 12 of the time in milliseconds, 16 at random.

    Sorting by identifier is sorting by time of creation, which keeps indexes dense.
    An identifier is a name, not a secret.
    """
    return f"{clock.now():012x}{secrets.token_hex(8)}"
