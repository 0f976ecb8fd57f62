"""A wall clock that somebody sets while the vendor is let in (S11)."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.contract.maintenance.state import Ending
from tests.hosts import Network, network
from tests.integration.appliance.machine.maintaining import Maintained, maintained
from tests.integration.wall_clock import BACK, FORWARD, clock_of
from tests.running import wait_until


@pytest.fixture(scope="module")
def net() -> Iterator[Network]:
    """Hosts on which nothing listens but our sshd."""
    with network() as found:
        yield found


@pytest.fixture
def window_clock(net: Network, tmp_path: Path) -> Iterator[tuple[Maintained, Path]]:
    """A machine that lets somebody in for five minutes, and its wall clock."""
    variables, shown = clock_of(tmp_path)
    with maintained(net, **variables) as found:
        yield found, shown


def test_a_clock_that_is_set_back_keeps_no_maintenance_window_open_S11(
    window_clock: tuple[Maintained, Path],
) -> None:
    machine, shown = window_clock
    machine.open()
    book = machine.rooms.book
    clocks = book.clocks(book.newest())
    shown.write_text(str(BACK))
    with machine.stay() as person:
        assert book.clocks(book.newest()) == clocks, "nothing is counted anew"
        machine.shorten(0.5)
        assert b"is over" in person.communicate(timeout=10)[0]
    wait_until(lambda: book.opened() is None, "the agent closes it", 10)
    assert book.read(book.newest()).ended is Ending.clock
    wait_until(lambda: not book.is_owed(), "all of it is carried out", 10)
    assert machine.enter("disk").returncode, "nobody is let in any more"


def test_a_clock_that_is_set_on_ends_a_maintenance_window_and_set_back_opens_none_S11(
    window_clock: tuple[Maintained, Path],
) -> None:
    machine, shown = window_clock
    machine.open()
    book = machine.rooms.book
    shown.write_text(str(FORWARD))
    wait_until(lambda: book.read(book.newest()).ended is Ending.clock, "it is closed", 10)
    shown.write_text("0")
    wait_until(lambda: not book.is_owed(), "all of it is carried out", 10)
    assert book.opened() is None
    assert machine.enter("disk").returncode
