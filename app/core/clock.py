"""Time, always as whole milliseconds since 1970-01-01T00:00:00Z.

One unit in the database, in events and in code; pages turn it into the viewer's zone.
"""

import time

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR


def now() -> int:
    """Return the wall clock in milliseconds."""
    return time.time_ns() // 1_000_000
