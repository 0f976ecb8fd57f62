"""Which day a daily mail is due for, whatever the clock and the time zone do: pure.

A day begins at the chosen hour. The mail of a day was queued or not; that its *name* stands in the
database is what keeps a clock that is set back, or an hour that comes twice, from doubling it. What
a mail tells of begins where the one before ended, so no event is told twice or by none.
"""

import datetime as dt
from typing import Final
from zoneinfo import ZoneInfo

from app.core import clock

SET_BACK: Final = dt.timedelta(days=1)
"""A clock that is set back by so much at most waits for the day that it has seen already. A day
further in the future was named by a clock that was wrong."""


def day_of(now: int, hour: int, zone: str) -> dt.date:
    """Return the day whose mail is due at `now` (ms), or was due last."""
    here = dt.datetime.fromtimestamp(now / clock.SECOND, ZoneInfo(zone))
    return here.date() if here.hour >= hour else here.date() - dt.timedelta(days=1)


def is_due(day: dt.date, newest: str) -> bool:
    """Tell whether the mail of `day` is still to be sent; `newest` is the day that was named last.

    An empty one is none yet: the first mail comes at once, and shows that it arrives.
    """
    if not newest:
        return True
    named = dt.date.fromisoformat(newest)
    return day > named or named - day > SET_BACK
