"""A process that loads while the data folder is prepared."""

import getpass
import os
import threading

from app.core.awaited import PLACE, await_told, tell


def test_it_waits_until_it_is_told_and_takes_over_what_only_then_is_known(monkeypatch, tmp_path):
    place = tmp_path / "console"
    monkeypatch.setenv(PLACE, str(place))
    monkeypatch.setenv("TENSHU_DATABASE_URL", "sqlite:///before")
    waiting = threading.Thread(target=await_told, daemon=True)
    waiting.start()
    waiting.join(0.2)
    assert waiting.is_alive()
    tell(place, getpass.getuser(), {"TENSHU_DATABASE_URL": "postgresql:///t?user=a&host=/run"})
    waiting.join(10)
    assert not waiting.is_alive()
    assert os.environ["TENSHU_DATABASE_URL"] == "postgresql:///t?user=a&host=/run"
    assert place.stat().st_mode & 0o777 == 0o400


def test_where_nothing_is_named_nothing_is_waited_for(monkeypatch):
    monkeypatch.delenv(PLACE, raising=False)
    await_told()


def test_what_a_killed_preparation_left_is_in_nobodys_way(tmp_path):
    (tmp_path / "console.new").write_text("half")
    tell(tmp_path / "console", getpass.getuser(), {})
    assert (tmp_path / "console").read_text() == ""
