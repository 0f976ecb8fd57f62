"""Times as a mail writes them: a mail is read in any zone, so it names the one it means."""

import datetime as dt
from zoneinfo import ZoneInfo

from app.core.clock import SECOND


def written_time(instant: int, zone: str) -> str:
    """Return 2026-12-12 17:00 (Asia/Tokyo) for an instant in milliseconds."""
    local = dt.datetime.fromtimestamp(instant / SECOND, ZoneInfo(zone))
    return f"{local:%Y-%m-%d %H:%M} ({zone})"
