"""How a change asks for the reserve. On a real small volume: tests/integration/app/core."""

import dataclasses

import msgspec
import pytest

from app.core import reserve
from app.core.database_errors import DiskFull
from app.core.reserve import ReserveSpent, State
from app.core.settings import MEBIBYTE
from app.operations import full_disk


@pytest.fixture
def holder(appliance):
    """The appliance of the other tests, with a reserve of one mebibyte."""
    settings = msgspec.structs.replace(appliance.settings, reserve_bytes=MEBIBYTE)
    assert reserve.take_back(settings)
    return dataclasses.replace(appliance, settings=settings)


def failing(times):
    """Return work that meets a full disk some times, then is done."""
    left = [DiskFull] * times

    def work(_session):
        if left:
            raise left.pop()
        return "done"

    return work


def test_an_ordinary_change_runs_while_there_is_space(holder):
    assert full_disk.change(holder, failing(0)) == "done"


def test_an_ordinary_change_never_touches_the_reserve_S8(holder):
    with pytest.raises(DiskFull):
        full_disk.change(holder, failing(1))
    assert reserve.is_kept(holder.settings)


def test_what_may_use_the_reserve_runs_once_more_in_it_S8(holder):
    assert full_disk.change_in_reserve(holder, failing(1)) == "done"
    assert not reserve.is_kept(holder.settings)


def test_where_another_process_has_released_it_a_moment_ago_it_runs_too_S8(holder):
    reserve.release(holder.settings)
    assert full_disk.change_in_reserve(holder, failing(1)) == "done"


def test_what_does_not_even_fit_the_reserve_says_so_S8(holder):
    with pytest.raises(ReserveSpent):
        full_disk.change_in_reserve(holder, failing(2))


def test_a_spent_reserve_is_not_tried_again_S8(holder, monkeypatch):
    reserve.release(holder.settings)
    for least in ("SPENT_BELOW", "POSTGRESQL_SPENT_BELOW"):
        monkeypatch.setattr(reserve, least, 2**62)
    assert reserve.state(holder.settings).state is State.SPENT
    tries = []

    def work(_session):
        tries.append(1)
        raise DiskFull

    with pytest.raises(ReserveSpent):
        full_disk.change_in_reserve(holder, work)
    # PostgreSQL is not even asked: it would end
    assert len(tries) == (1 if holder.database.is_sqlite else 0)


def test_what_could_end_the_server_is_not_even_begun_S8(holder, monkeypatch):
    monkeypatch.setattr(reserve, "keep_server_alive", lambda _settings: False)
    work = failing(1)
    with pytest.raises(ReserveSpent):
        full_disk.change_in_reserve(holder, work)
    with pytest.raises(DiskFull):
        work(None)  # it was never called


def test_without_a_reserve_the_disk_is_just_full(appliance):
    with pytest.raises(DiskFull) as full:
        full_disk.change_in_reserve(appliance, failing(1))
    assert type(full.value) is DiskFull
