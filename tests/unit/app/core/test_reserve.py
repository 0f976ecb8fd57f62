"""The reserve's own states; how it carries a full disk is in tests/integration/app/core."""

import errno
import fcntl
import os
import threading

import msgspec
import pytest

from app.core import reserve
from app.core.database_errors import DatabaseBusy, DiskFull
from app.core.reserve import State
from app.core.settings import MEBIBYTE, load_settings


@pytest.fixture
def settings(tmp_path):
    (tmp_path / "data").mkdir()
    return load_settings({"TENSHU_DATA": str(tmp_path / "data"), "TENSHU_RESERVE": "1"})


def nothing():
    """Give nothing back."""


def test_it_holds_real_blocks_and_gives_them_back(settings):
    assert reserve.state(settings).state is State.RELEASED
    assert reserve.take_back(settings)
    assert (settings.data / "reserve").stat().st_blocks * 512 >= MEBIBYTE
    assert reserve.state(settings) == reserve.ReserveState(
        state=State.KEPT, free=reserve.state(settings).free, size=MEBIBYTE
    )
    assert reserve.take_back(settings)
    assert reserve.release(settings)
    assert not reserve.release(settings)
    assert list(settings.data.iterdir()) == []


def test_a_sparse_copy_of_it_holds_nothing(settings):
    with (settings.data / "reserve").open("wb") as file:
        file.truncate(MEBIBYTE)
    assert not reserve.is_kept(settings)
    assert reserve.take_back(settings)
    assert reserve.is_kept(settings)


def test_of_size_zero_there_is_none_and_nothing_waits(tmp_path):
    settings = load_settings({"TENSHU_DATA": str(tmp_path), "TENSHU_RESERVE": "0",
                              "TENSHU_KEYS": str(tmp_path.parent / "keys")})  # fmt: skip
    reserve.require_space(settings, nothing)
    assert reserve.state(settings).state is State.KEPT
    assert list(tmp_path.iterdir()) == []


def test_the_first_change_of_a_new_appliance_takes_it(settings):
    reserve.require_space(settings, nothing)
    assert reserve.is_kept(settings)


def test_many_processes_that_take_it_at_once_take_one(settings):
    taken = []
    threads = [
        threading.Thread(target=lambda: taken.append(reserve.take_back(settings))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert taken == [True] * 8
    assert [each.name for each in settings.data.iterdir() if each.stat().st_size] == ["reserve"]


def refuse(number):
    def fallocate(*_):
        raise OSError(number, os.strerror(number))

    return fallocate


def test_where_another_took_the_space_first_it_stays_released(settings, monkeypatch):
    monkeypatch.setattr(os, "posix_fallocate", refuse(errno.ENOSPC))
    assert not reserve.take_back(settings)
    assert list(settings.data.iterdir()) == []
    with pytest.raises(DiskFull):
        reserve.require_space(settings, nothing)


def test_where_another_took_it_while_this_one_waited_one_is_kept(settings, monkeypatch):
    def another_was_quicker(descriptor, how):
        monkeypatch.undo()
        assert reserve.take_back(settings)
        fcntl.flock(descriptor, how)

    monkeypatch.setattr(fcntl, "flock", another_was_quicker)
    assert reserve.take_back(settings)
    assert [each.name for each in settings.data.iterdir()] == ["reserve"]


def test_a_broken_volume_is_not_taken_for_a_full_one(settings, monkeypatch):
    monkeypatch.setattr(os, "posix_fallocate", refuse(errno.EIO))
    with pytest.raises(OSError, match="Input/output"):
        reserve.take_back(settings)


@pytest.mark.parametrize("failure", [DiskFull, DatabaseBusy(seconds=10)])
def test_what_could_not_be_given_back_is_a_full_disk(settings, monkeypatch, failure):
    monkeypatch.setattr(os, "posix_fallocate", refuse(errno.ENOSPC))

    def shrink():
        raise failure

    with pytest.raises(DiskFull):
        reserve.require_space(settings, shrink)


@pytest.fixture
def on_postgresql(tmp_path):
    """Settings whose database is a server's, with a reserve that is kept."""
    (tmp_path / "server").mkdir()
    found = load_settings(
        {
            "TENSHU_DATA": str(tmp_path / "server"),
            "TENSHU_DATABASE_URL": "postgresql+psycopg:///tenshu",
            "TENSHU_RESERVE": "48",
        }
    )
    assert reserve.take_back(found)
    return found


def test_while_the_server_has_room_for_its_log_the_reserve_stays_shut_S8(on_postgresql):
    assert reserve.keep_server_alive(on_postgresql)
    assert reserve.is_kept(on_postgresql)


def test_before_the_server_finds_no_room_for_its_log_the_reserve_is_opened_S8(
    on_postgresql, monkeypatch
):
    free = [reserve.POSTGRESQL_SPENT_BELOW - 1, reserve.POSTGRESQL_SPENT_BELOW]
    monkeypatch.setattr(reserve, "_free", lambda _settings: free.pop(0))
    assert reserve.keep_server_alive(on_postgresql)
    assert not reserve.is_kept(on_postgresql)


def test_on_postgresql_it_is_spent_while_the_servers_next_log_still_fits_S8(
    on_postgresql, monkeypatch
):
    monkeypatch.setattr(reserve, "_free", lambda _settings: reserve.POSTGRESQL_SPENT_BELOW - 1)
    assert not reserve.keep_server_alive(on_postgresql)
    assert reserve.state(on_postgresql).state is State.SPENT


def test_sqlite_and_who_wants_no_reserve_need_no_such_care(settings, on_postgresql, monkeypatch):
    monkeypatch.setattr(reserve, "_free", lambda _settings: 0)
    assert reserve.keep_server_alive(settings)
    without = msgspec.structs.replace(on_postgresql, reserve_bytes=0)
    assert reserve.keep_server_alive(without)
