"""The power fails at every step of an apply: the machine starts in the old state or the new one."""

import itertools
import shutil
import subprocess
from pathlib import Path

import pytest

from appliance.contract.configuration.state import Outcome, Reason
from tests.integration.appliance.machine.conftest import GUARD, Machine
from tests.integration.appliance.machine.test_killed_while_applying import (
    FEWEST,
    NARROW,
    OPEN,
    die_at,
)
from tests.integration.power_cut import cut_power, on_a_forgetful_disk, power_cut_library
from tests.running import wait_until

__all__ = ["power_cut_library"]
PARTS = 6
"""Of the steps: a part takes a minute."""
KEPT = ("LD_PRELOAD", "WATCHED", "SHADOW")


def forgetful(machine: Machine, library: Path) -> Path:
    """Let what the machine's processes write from now on be gone unless it is synced."""
    shadow = machine.folder.with_name("shadow")
    told = on_a_forgetful_disk(library, machine.folder, shadow)
    machine.variables = {name: told[name] for name in KEPT}
    shutil.copytree(
        machine.folder, shadow, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.sock")
    )
    return shadow


@pytest.mark.slow
@pytest.mark.timeout(280)
@pytest.mark.parametrize("part", range(PARTS))
def test_after_a_power_cut_it_starts_in_the_old_or_the_new_state_F6(
    machine: Machine, tmp_path: Path, power_cut_library: Path, part: int
) -> None:
    for number in itertools.count(1 + part, PARTS):
        before, highest = machine.console(), machine.versions.newest()
        shadow = forgetful(machine, power_cut_library)
        lived = die_at(machine, number, machine.folder / "go")
        machine.kill()
        machine.kill(GUARD)
        machine.net.appliance.run("nft", "flush", "ruleset")
        cut_power(machine.folder, shadow)
        machine.variables = {}
        subprocess.run(machine.command("appliance.machine.starting"), check=True, timeout=60)
        machine.start()
        assert machine.versions.armed() is None
        other = NARROW if before == OPEN else OPEN
        newest, holds = machine.versions.newest(), machine.versions.current()
        went_through = newest != highest and holds == newest
        wait_until(
            lambda: machine.console() == (other if went_through else before),  # noqa: B023
            "it is as the version that holds says",
            20,
        )
        if newest != highest:
            ended = machine.outcome(newest)
            assert (
                ended == (Outcome.confirmed, Reason.none)
                if went_through
                else (ended[0] is Outcome.reverted)
            )
        if lived:
            break
    assert number > FEWEST
