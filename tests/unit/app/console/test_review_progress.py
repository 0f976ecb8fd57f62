"""The chart of a review: decisions counted over its time."""

from app.console.review_progress import decided_over_time
from app.core.clock import DAY


def test_what_was_decided_is_counted_from_the_beginning_to_now():
    times, decided = decided_over_time([0, 2 * DAY, DAY], since=0, until=3 * DAY + 1)
    assert (times[0], times[-1]) == (0, 3 * DAY + 1)
    assert len(times) <= 61
    assert (decided[0], decided[-1]) == (0, 2)
    assert decided == sorted(decided)
    assert decided_over_time([], since=5, until=1) == ([5], [0])
    assert len(decided_over_time([], since=0, until=4000 * DAY)[0]) > 60
