"""What systemd is told of a process that works, and what of one that nobody watches."""

import socket
from pathlib import Path

import pytest

from appliance.contract import watchdog
from appliance.contract.watchdog import BEATS, Watchdog


@pytest.fixture
def systemd(tmp_path: Path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify"))
        listening.settimeout(5)
        yield listening


def test_it_says_so_some_times_within_the_time_and_not_at_each_turn(systemd, tmp_path, monkeypatch):
    now = [100.0]
    monkeypatch.setattr(watchdog.time, "monotonic", lambda: now[0])
    found = Watchdog({"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "8000000"})
    for _ in range(3):
        found.beat()
    assert systemd.recv(100) == b"WATCHDOG=1"
    systemd.setblocking(False)
    with pytest.raises(BlockingIOError):
        systemd.recv(100)
    now[0] += found.seconds / BEATS
    found.beat()
    assert systemd.recv(100) == b"WATCHDOG=1"


@pytest.mark.parametrize(
    "environ",
    [{}, {"WATCHDOG_USEC": "8000000"}, {"NOTIFY_SOCKET": "/none"}, {"WATCHDOG_USEC": "x"}],
)
def test_where_nobody_watches_nothing_is_said(environ, caplog):
    found = Watchdog(environ)
    found.beat()
    assert found.seconds == 0
    assert not caplog.records


def test_a_systemd_that_takes_no_notice_is_said_and_ends_nothing(tmp_path, caplog):
    found = Watchdog({"NOTIFY_SOCKET": str(tmp_path / "none"), "WATCHDOG_USEC": "8000000"})
    found.beat()
    assert "was not told" in caplog.text
