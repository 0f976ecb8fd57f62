"""Identifiers: made by us, opaque to everybody, in the order of their making."""

import os
import threading

from app.core import clock

_turn = threading.Lock()
_last = (0, 0)


def new_identifier() -> str:
    """Return 28 hexadecimal digits: 12 of the time in milliseconds, 4 counted, 12 at random.

    Sorting by identifier is sorting by time of creation, which keeps indexes dense; what one
    process makes within a millisecond is in order too. An identifier is a name, not a secret.
    """
    global _last  # noqa: PLW0603 - the last one that this process made
    with _turn:
        moment, (last, count) = clock.now(), _last
        _last = (moment, count + 1 if moment == last else 0)
        moment, count = _last
    # after 65,536 of one millisecond the count runs on into the next
    return f"{(moment << 16) + count:016x}{os.urandom(6).hex()}"
