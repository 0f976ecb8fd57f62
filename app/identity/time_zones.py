"""Time zones by their IANA names."""

import functools
import zoneinfo

from app.core.errors import InvalidInput
from app.core.messages import mark


@functools.cache
def _known() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())


def check_time_zone(name: str) -> str:
    """Return the name. Raise InvalidInput if there is no such time zone."""
    if name not in _known():
        raise InvalidInput(field="time_zone", reason=mark("there is no such time zone."))
    return name
