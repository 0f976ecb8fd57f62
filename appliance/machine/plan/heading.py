"""The first line of every rendered file that people may look at."""

from typing import Final

HEADING: Final = (
    "# Written from appliance.toml; what is changed here is lost with the next apply.\n"
)
