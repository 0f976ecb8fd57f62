"""The sealer as a process: within a second, gracefully stopped, honest about problems."""

import logging
import os
import runpy
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.audit.__main__ import run, seal_until
from app.audit.inspection import VERB, Inspected, read_inspection
from app.audit.search import lag
from app.audit.store import FILE_NAME
from app.audit.verdict import State
from app.core.settings import Settings
from app.core.stopping import Stop
from tests.unit.app.audit.trail import Trail, draft

ROOT = Path(__file__).parents[4]
DEADLINE = 30.0


def wait_for(condition: Callable[[], bool], seconds: float = DEADLINE) -> float:
    """Wait until a condition holds; return how long it took."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < seconds, "it never came to be"
        threading.Event().wait(0.01)
    return time.monotonic() - began


@pytest.fixture
def settings(trail: Trail) -> Settings:
    return Settings(
        data=trail.data,
        keys=trail.key_path.parent,
        database_url=f"sqlite:///{trail.data / 'tenshu.sqlite'}",
    )


@pytest.fixture
def signals() -> Iterator[None]:
    kept = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)


def test_an_event_is_sealed_within_a_second_and_sigterm_ends_gracefully_F5(
    trail: Trail, settings: Settings
) -> None:
    trail.stop()
    process = subprocess.Popen(
        [sys.executable, "-m", "app.audit"],
        cwd=ROOT,
        env={**os.environ, **settings.environment()},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        trail.write(draft())
        wait_for(lambda: lag(trail.database).unsealed == 0)
        trail.write(draft(1))
        # a second, as the history promises, and what a busy test machine adds
        assert wait_for(lambda: lag(trail.database).unsealed == 0) < 5.0
    finally:
        process.terminate()
        _, told = process.communicate(timeout=DEADLINE)
    assert process.returncode == 0, told
    assert trail.verify(against=[trail.note]).size == 3
    assert told.count("\n") == 1, f"routine success is not logged: {told}"


def test_the_settings_come_from_the_environment(
    trail: Trail, settings: Settings, signals: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in settings.environment().items():
        monkeypatch.setenv(name, value)
    trail.stop()
    trail.write(draft())

    def stop_when_sealed() -> None:
        wait_for(lambda: lag(trail.database).unsealed == 0)
        os.kill(os.getpid(), signal.SIGTERM)

    watcher = threading.Thread(target=stop_when_sealed)
    watcher.start()
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(ROOT / "app" / "audit" / "__main__.py"), run_name="__main__")
    watcher.join()
    assert ended.value.code == 0
    assert trail.verify().state is State.WHOLE


def test_a_second_sealer_says_so_and_asks_to_be_tried_again(
    trail: Trail, settings: Settings, signals: None, caplog: pytest.LogCaptureFixture
) -> None:
    assert run(settings, "machine1") == 75
    assert "audit.sealer_running" in caplog.text


def test_a_sealer_that_finds_its_store_altered_ends_with_an_error(
    trail: Trail, settings: Settings, signals: None, caplog: pytest.LogCaptureFixture
) -> None:
    trail.add(2)
    trail.stop()
    trail.tamper("DELETE FROM events WHERE position = 2")
    assert run(settings, "machine1") == 1
    assert "audit.store_tampered" in caplog.text
    found = read_inspection(trail.folder).latest
    assert found is not None
    assert (found.state, found.position) == (State.TAMPERED, 2), "the pages name what is wrong"
    assert run(settings, "machine1") == 1
    assert read_inspection(trail.folder).latest == found, "once is enough"


def test_the_sealer_verifies_what_it_sealed_when_somebody_asks_F5(
    trail: Trail, settings: Settings
) -> None:
    trail.add(2)
    trail.stop()

    def latest() -> Inspected | None:
        return read_inspection(trail.folder).latest

    process = subprocess.Popen(
        [sys.executable, "-m", "app.audit"],
        cwd=ROOT,
        env={**os.environ, **settings.environment()},
    )
    try:
        trail.write(draft(verb=VERB))
        wait_for(lambda: latest() is not None)
        whole = latest()
        trail.tamper("UPDATE parts SET value = '{}' WHERE position = 2")
        trail.write(draft(verb=VERB))
        wait_for(lambda: latest() != whole)
    finally:
        process.terminate()
        process.wait(DEADLINE)
    assert whole is not None
    assert (whole.state, whole.size) == (State.WHOLE, 4)
    found = latest()
    assert found is not None
    assert (found.state, found.position) == (State.TAMPERED, 2)


def test_a_problem_is_logged_when_it_begins_and_when_it_ends(
    trail: Trail, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "tenshu.audit")
    blocker = sqlite3.connect(
        trail.folder / FILE_NAME, isolation_level=None, check_same_thread=False
    )
    blocker.execute("BEGIN IMMEDIATE")
    trail.sealer._ledger._connection.execute("PRAGMA busy_timeout=1")
    trail.write(draft())
    stop, turns = Stop(), []
    turn = trail.sealer.turn

    def counted() -> int:
        turns.append(1)
        return turn()

    trail.sealer.turn = counted  # type: ignore[method-assign]

    def release() -> None:
        wait_for(lambda: len(turns) >= 3)
        blocker.rollback()
        wait_for(lambda: lag(trail.database).unsealed == 0)
        stop.set()

    helper = threading.Thread(target=release)
    helper.start()
    seal_until(stop, trail.sealer)
    helper.join()
    blocker.close()
    levels = [record.levelname for record in caplog.records]
    assert levels == ["ERROR", "WARNING"]


def test_where_the_server_would_end_for_want_of_space_the_history_waits_in_the_outbox_S8(
    trail: Trail, caplog: pytest.LogCaptureFixture
) -> None:
    trail.write(draft())
    stop, answers = Stop(), [False, False, True]

    def has_room() -> bool:
        if len(answers) > 1:
            assert lag(trail.database).unsealed == 1
            return answers.pop(0)
        stop.set()
        return True

    seal_until(stop, trail.sealer, has_room)
    assert lag(trail.database).unsealed == 0
    assert "reserve is spent" in caplog.text


def test_a_history_is_read_by_a_user_who_cannot_write_it_F5(trail: Trail) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can act as another user")
    trail.add(3)
    program = (
        "import os, sys, urllib.parse; sys.path.insert(0, sys.argv[1]); "
        "from pathlib import Path; from app.audit.verify import verify; "
        "from app.audit.ledger import read_keys; "
        "folder = Path(sys.argv[2]); keys = read_keys(folder); "
        "os.setgid(65534); os.setuid(65534); "
        "verdict = verify(folder, keys); print(verdict.state.value, verdict.size, verdict.reason)"
    )
    folder = Path("/tmp") / f"audit-read-{os.getpid()}"
    folder.symlink_to(trail.folder)
    for parent in (trail.folder, *trail.folder.parents):
        if parent.stat().st_mode & 0o005 != 0o005:  # pytest's own folders are private
            parent.chmod(0o755)
    for file in trail.folder.iterdir():
        file.chmod(0o644)
    try:
        done = subprocess.run(
            [sys.executable, "-c", program, str(ROOT), str(folder)],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    finally:
        folder.unlink()
    assert done.stdout.split()[:2] == ["whole", "4"], done.stdout + done.stderr
