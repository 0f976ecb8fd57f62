"""The agent killed at every step of an apply: the machine ends as it was or as it should be."""

import itertools
import signal
from pathlib import Path

import pytest

from appliance.contract.configuration.state import ApplyConfiguration, Outcome, Reason
from appliance.contract.errors import ApplianceError
from tests.integration.appliance.machine.conftest import LOCAL, MANAGED, Machine
from tests.running import wait_until

DYING = "tests.integration.appliance.machine.dying"
OPEN, NARROW = ("open", "open"), ("open", "filtered")
PARTS = 2
"""Of the steps: a part takes a minute and a half."""
FEWEST = 20
"""Steps that an apply and its confirmation have at least, or the counting is wrong."""


def die_at(machine: Machine, number: int, go: Path) -> bool:
    """Apply and confirm with an agent that is killed at a step; tell whether it lived on."""
    go.unlink(missing_ok=True)
    machine.kill()
    machine.start(DYING, str(number), str(go))
    holds = machine.client.configuration(LOCAL).version
    wanted = MANAGED if machine.console() == OPEN else "format = 1\n"
    go.touch()
    try:
        request = ApplyConfiguration(document=wanted, based_on=holds, seconds=30)
        applied = machine.client.apply(LOCAL, request)
        machine.client.confirm(LOCAL, applied.number)
    except ApplianceError:
        assert machine.agents[-1].wait(20) == -signal.SIGKILL, "it refused, in place of dying"
        return False
    return machine.agents[-1].poll() is None


def one_of_two(machine: Machine, before: tuple[str, str], highest: int) -> None:
    """What is settled is the old state or the new one, and the versions say which."""
    wait_until(lambda: machine.versions.armed() is None, "it is settled", 20)
    holds = machine.versions.current()
    other = NARROW if before == OPEN else OPEN
    looks = machine.console()
    newest = machine.versions.newest()
    if newest == highest:  # nothing was begun
        assert looks == before
    elif holds == newest:
        assert looks == other
        assert machine.outcome(newest)[0] is Outcome.confirmed
    else:
        assert looks == before
        assert machine.outcome(newest) in {
            (Outcome.reverted, Reason.interrupted),
            (Outcome.reverted, Reason.not_confirmed),
        }


@pytest.mark.slow
@pytest.mark.timeout(280)
@pytest.mark.parametrize("part", range(PARTS))
def test_the_machine_ends_in_the_old_or_the_new_state_F6(
    machine: Machine, tmp_path: Path, part: int
) -> None:
    go = tmp_path / "go"
    for number in itertools.count(1 + part, PARTS):
        before, highest = machine.console(), machine.versions.newest()
        lived = die_at(machine, number, go)
        if not lived:
            machine.start()  # as the supervisor does at once
        armed = machine.versions.armed()
        if armed and armed.deadline:
            machine.shorten(0.2)  # applied, and killed before it was confirmed
        one_of_two(machine, before, highest)
        if lived:
            break
    assert number > FEWEST
