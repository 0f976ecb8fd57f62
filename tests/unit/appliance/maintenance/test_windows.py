"""When a window is over, and which certificates open nothing: decisions without a machine (S11)."""

import subprocess
from pathlib import Path

import pytest

from appliance.contract.maintenance.state import Ending
from appliance.maintenance.authority import Authority, closed_ranges
from appliance.maintenance.windows import Clocks, over

CLOCKS = Clocks(until=1_000_000, boot="this run", deadline=500.0)


@pytest.mark.parametrize(
    ("boot", "up", "at", "why"),
    [
        ("this run", 499.9, 999_999, Ending.none),
        ("this run", 500.0, 999_999, Ending.clock),
        ("this run", 499.9, 1_000_000, Ending.clock),
        ("this run", 500.0, 0, Ending.clock),  # somebody set the clock back: the boot's one counts
        ("this run", 0.0, 2_000_000, Ending.clock),
        ("another run", 0.0, 0, Ending.restart),
        ("another run", 900.0, 2_000_000, Ending.restart),
    ],
)
def test_either_clock_ends_a_window_and_a_restart_does_too_S11(
    boot: str, up: float, at: int, why: Ending
) -> None:
    assert over(CLOCKS, boot, up, at) is why


@pytest.mark.parametrize(
    ("newest", "is_open", "ranges"),
    [
        (0, False, ()),
        (1, True, ()),
        (1, False, ((1, 1),)),
        (2, True, ((1, 1),)),
        (7, True, ((1, 6),)),
        (7, False, ((1, 7),)),
    ],
)
def test_every_number_but_that_of_the_open_window_is_revoked_S11(
    newest: int, is_open: bool, ranges: tuple[tuple[int, int], ...]
) -> None:
    assert closed_ranges(newest, is_open) == ranges


def test_the_list_of_revoked_numbers_says_what_was_meant_S11(tmp_path: Path) -> None:
    authority = Authority(tmp_path / "ssh")
    authority.ensure()
    for newest, is_open, told in ((1, True, ""), (1, False, "serial: 1"), (7, True, "serial: 1-6")):
        authority.revoke(closed_ranges(newest, is_open))
        said = subprocess.run(
            ["ssh-keygen", "-Q", "-l", "-f", str(authority.revoked)],
            check=True, capture_output=True, text=True,
        ).stdout  # fmt: skip
        numbers = [line for line in said.splitlines() if line.startswith("serial:")]
        assert numbers == ([told] if told else [])
