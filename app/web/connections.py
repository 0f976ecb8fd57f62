"""How many connections a plane holds, and how long one may say, send or take nothing.

Whoever holds connections open without using them (slowloris, slow bodies, slow readers) must not
keep everybody else out. Headers are timed by granian, bodies by the gate; an answer that nobody
takes is ended by the kernel.
"""

import resource
from typing import Final

CONNECTIONS: Final = 2048
"""Beyond so many at once, the next ones wait."""
OTHER_FILES: Final = 256
"""Open files of a plane that are no connections: database, logs, uploads."""
HEADER_SECONDS: Final = 15
BODY_SECONDS: Final = 20
"""For a body to begin, and between two pieces of it."""
BODY_RATE: Final = 4096
"""Bytes a second that a body must come with on the average, once its first seconds are over."""
ANSWER_SECONDS: Final = 30
"""How long the other side may take nothing of an answer that waits to be sent."""


def places(wanted: int = CONNECTIONS) -> int:
    """Return for how many connections there is room, having asked for as many open files."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = wanted + OTHER_FILES
    if soft < needed:
        soft = min(needed, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return max(1, min(wanted, soft - OTHER_FILES))


def body_deadline(began: float, now: float, received: int) -> float:
    """Return until when the next piece of a body must be there; all in seconds of one clock."""
    return min(now + BODY_SECONDS, began + BODY_SECONDS + received / BODY_RATE)
