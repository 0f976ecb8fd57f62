"""What is waived, and why: `waivers.toml`."""

import tomllib
from pathlib import Path
from typing import Final, NamedTuple

LIST: Final = Path(__file__).with_name("waivers.toml")
MOST: Final = 10


class Waiver(NamedTuple):
    """Rules that are not followed for one reason."""

    rules: tuple[str, ...]
    reason: str


def waivers() -> list[Waiver]:
    """Return them in their order."""
    found = tomllib.loads(LIST.read_text())["waiver"]
    return [Waiver(tuple(one["rules"]), one["reason"]) for one in found]


def waived() -> frozenset[str]:
    """Return the rules of all of them."""
    return frozenset(rule for one in waivers() for rule in one.rules)
