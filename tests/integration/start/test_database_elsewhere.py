"""A database server that comes up later than the appliance."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.core.settings import Settings
from app.start import database_elsewhere
from app.start.database_elsewhere import await_database
from tests.integration import postgresql
from tests.running import wait_until

pytestmark = pytest.mark.once


@pytest.fixture
def server() -> Iterator[postgresql.Server]:
    found = postgresql.start()
    yield found
    postgresql.stop(found)


def settings(tmp_path: Path, url: str) -> Settings:
    return Settings(data=tmp_path, keys=tmp_path / "keys", database_url=url)


def test_a_start_waits_for_a_database_server_that_comes_up_later_and_says_so(
    server: postgresql.Server,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(database_elsewhere, "ASKS_SECONDS", 0.05)
    there = settings(tmp_path, server.url("postgres"))
    await_database(there)
    postgresql.kill(server)
    waiting = threading.Thread(target=await_database, args=(there,), daemon=True)
    waiting.start()
    wait_until(lambda: "is waited for" in caplog.text, "it is said", 20)
    assert waiting.is_alive()
    assert str(server.folder) in caplog.text, "and why"
    postgresql.start_again(server)
    waiting.join(30)
    assert not waiting.is_alive()


def test_what_a_server_refuses_is_not_waited_for_but_said_by_what_asks_next(
    server: postgresql.Server, tmp_path: Path
) -> None:
    await_database(settings(tmp_path, server.url("nowhere", "nobody-known")))


def test_a_file_of_our_own_is_not_waited_for(tmp_path: Path) -> None:
    await_database(settings(tmp_path, f"sqlite:///{tmp_path}/missing/tenshu.sqlite"))
