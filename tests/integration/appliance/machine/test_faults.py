"""What goes wrong around a change: a full disk, a revert that fails."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.contract.configuration.errors import ApplyFailed, DiskFullForMachine, TakingBack
from appliance.contract.configuration.state import Outcome, Reason
from tests.hosts import Network
from tests.integration.appliance.machine.conftest import LOCAL, MANAGED, NOBODY, Machine
from tests.running import wait_until
from tests.small_volume import fill, small_volume

__all__ = ["small_volume"]
OPEN, NARROW, SHUT = ("open", "open"), ("open", "filtered"), ("filtered", "filtered")
BLOCK = 4096


def test_a_revert_that_fails_is_said_and_tried_until_it_works_F6(machine: Machine) -> None:
    machine.apply(NOBODY)
    rules = machine.folder / "root/etc/nftables.conf"
    rules.unlink()
    (rules / "in-the-way").mkdir(parents=True)
    machine.shorten(0.2)

    def trouble() -> str:
        pending = machine.client.configuration(LOCAL).pending
        assert pending, "it is not over while it fails"
        return pending.trouble

    wait_until(trouble, "it says what keeps it", 20)
    assert str(rules) in trouble()
    wait_until(lambda: "cannot be taken back; trying again" in machine.log, "the log says so", 20)
    assert machine.console() == SHUT
    shutil.rmtree(rules)
    machine.wait_for_console(*OPEN)
    wait_until(lambda: machine.versions.armed() is None, "it is over", 20)
    assert machine.outcome(2) == (Outcome.reverted, Reason.not_confirmed)


@pytest.fixture
def cramped(net: Network, small_volume: Path) -> Iterator[Machine]:
    """A machine whose disk can be filled."""
    found = Machine(net, small_volume)
    (small_volume / "data").mkdir()
    found.start()
    try:
        yield found
    finally:
        found.close()
        net.appliance.run("nft", "flush", "ruleset")


def test_on_a_full_disk_nothing_is_changed_and_it_says_so_METI_42(cramped: Machine) -> None:
    filler = fill(cramped.folder)
    with pytest.raises(DiskFullForMachine):
        cramped.apply(MANAGED)
    assert cramped.console() == OPEN
    assert cramped.client.configuration(LOCAL).pending is None
    filler.unlink()
    assert cramped.apply(MANAGED).outcome is Outcome.waiting
    assert cramped.console() == NARROW


@pytest.mark.slow
def test_a_disk_that_fills_up_in_the_middle_leaves_the_old_state_or_the_new_F6(
    cramped: Machine,
) -> None:
    failed = 0
    for blocks in range(1, 40):
        holds, looks = cramped.client.configuration(LOCAL).version, cramped.console()
        wanted, wanted_looks = (MANAGED, NARROW) if looks == OPEN else ("format = 1\n", OPEN)
        filler = fill(cramped.folder, leave=blocks * BLOCK)
        try:
            applied = cramped.apply(wanted, based_on=holds)
        except (DiskFullForMachine, ApplyFailed, TakingBack):
            failed += 1
            filler.unlink()
            wait_until(lambda: cramped.versions.armed() is None, "it is settled", 20)
            assert (cramped.console(), cramped.versions.current()) == (looks, holds)
        else:
            filler.unlink()
            cramped.client.confirm(LOCAL, applied.number)
            assert (cramped.console(), cramped.versions.current()) == (wanted_looks, applied.number)
            break
    assert failed > 2
