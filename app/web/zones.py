"""Time zones that a form offers: those where people of a Japanese company work."""

from typing import Final

from app.core.messages import mark, translate

ZONES: Final = {
    "Asia/Tokyo": mark("Japan"),
    "Asia/Seoul": mark("Korea"),
    "Asia/Shanghai": mark("China"),
    "Asia/Taipei": mark("Taiwan"),
    "Asia/Ho_Chi_Minh": mark("Vietnam"),
    "Asia/Bangkok": mark("Thailand"),
    "Asia/Singapore": mark("Singapore"),
    "Asia/Kolkata": mark("India"),
    "Australia/Sydney": mark("Sydney"),
    "Europe/London": mark("United Kingdom"),
    "Europe/Berlin": mark("Central Europe"),
    "America/New_York": mark("New York"),
    "America/Chicago": mark("Chicago"),
    "America/Los_Angeles": mark("Los Angeles"),
    "UTC": mark("Coordinated universal time"),
}
"""By their IANA names; the command line and the API take every other too."""


def zones(language: str, present: str = "") -> list[tuple[str, str]]:
    """Return (name, label) of each, and of the present one where it is another."""
    found = [(name, f"{translate(language, place)} ({name})") for name, place in ZONES.items()]
    return found if present in ("", *ZONES) else [*found, (present, present)]
