"""What was measured last, and what tests hold: `figures.toml`."""

import tomllib
from pathlib import Path
from typing import Final, NamedTuple

FIGURES: Final = Path(__file__).with_name("figures.toml")


class Counted(NamedTuple):
    """Rules of a profile in a machine."""

    passed: int
    failed: int
    of_the_host: int
    """Rules that a container's host decides; none where the kernel is the machine's own."""
    not_applicable: int


class Figures(NamedTuple):
    """All of them."""

    cis: Counted
    anssi: Counted
    lynis_index: int
    lynis_tests: int


def figures() -> Figures:
    """Return them."""
    found = tomllib.loads(FIGURES.read_text())
    return Figures(
        Counted(**found["cis"]),
        Counted(**found["anssi"]),
        found["lynis"]["index"],
        found["lynis"]["tests"],
    )
