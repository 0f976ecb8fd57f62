"""How a review goes on: how many lines were decided at each point from its beginning. Pure."""

from bisect import bisect_right
from collections.abc import Iterable

from app.core.clock import DAY, HOUR

MOST = 60
"""Points of the chart."""
STEPS = (HOUR, 6 * HOUR, DAY, 7 * DAY, 30 * DAY)


def decided_over_time(
    decided_at: Iterable[int], since: int, until: int
) -> tuple[list[int], list[int]]:
    """Return moments from `since` to `until`, and how many lines were decided by each.

    A decision that was changed counts from its change.
    """
    until = max(since, until)
    step = next((each for each in STEPS if (until - since) / each < MOST), STEPS[-1])
    times = [*range(since, until, step), until]
    moments = sorted(at for at in decided_at if at)
    return times, [bisect_right(moments, at) for at in times]
