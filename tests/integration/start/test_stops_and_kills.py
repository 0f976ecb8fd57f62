"""Stops, kills and what comes back: no orphan serves on, nothing acknowledged is lost."""

import json
import os
import signal

import pytest

from tests.running import Copy, launch, parent_of, wait_until


@pytest.mark.parametrize(
    "number",
    [
        signal.SIGTERM,
        pytest.param(signal.SIGINT, marks=pytest.mark.slow),
        pytest.param(signal.SIGHUP, marks=pytest.mark.slow),
    ],
)
def test_a_stop_ends_every_process_cleanly(tmp_path, number):
    copy = launch(tmp_path)
    assert len(copy.processes()) >= 6
    assert copy.stop(number) == 0
    assert copy.processes() == {}
    assert "Traceback" not in "".join(copy.log(name) for name in ("console", "worker", "sealer"))


def _children(copy: Copy, parent: int) -> list[int]:
    return [pid for pid in copy.processes() if parent_of(pid) == parent]


@pytest.mark.parametrize("plane", ["console", pytest.param("workspace", marks=pytest.mark.slow)])
def test_a_killed_server_takes_its_workers_along_and_comes_back(copy: Copy, plane):
    main = copy.main_process(f"app.web.serve {plane}")
    workers = _children(copy, main)
    assert workers, "the server has a worker process of its own"
    os.kill(main, signal.SIGKILL)
    wait_until(lambda: not {main, *workers} & copy.processes().keys(), "no orphan is left", 5)
    wait_until(lambda: copy.is_healthy(plane), f"{plane} is back")
    assert copy.main_process(f"app.web.serve {plane}") != main


@pytest.mark.parametrize("words", ["app.jobs", "app.audit", "appliance.agent"])
def test_a_killed_process_comes_back(copy: Copy, words):
    killed = copy.main_process(words)
    os.kill(killed, signal.SIGKILL)

    def is_back() -> bool:
        found = [pid for pid, line in copy.processes().items() if words in line]
        return bool(found) and killed not in found

    wait_until(is_back, f"{words} is back")
    assert copy.is_healthy("console")


def test_a_killed_supervisor_leaves_no_orphan_and_the_next_start_continues(tmp_path):
    copy = launch(tmp_path)
    made = json.loads(
        copy.tenshu("accounts", "create", "yamada", "--name", "山田", "--json").stdout
    )
    copy.kill()
    wait_until(lambda: not copy.processes(), "everything ended with the supervisor", 10)
    again = launch(tmp_path, copy.environ)
    try:
        listed = json.loads(again.tenshu("accounts", "list", "--json").stdout)
        assert made["account"]["id"] in [account["id"] for account in listed["items"]]
        assert again.fingerprint == copy.fingerprint
    finally:
        again.end()


def test_a_start_that_was_killed_while_preparing_is_continued_by_the_next(tmp_path):
    from tests.running import environment_for, run_tenshu

    environ = environment_for(tmp_path)
    # Killed after each of its steps: what it prints tells how far it is.
    for step in ("Data folder", "Keys", "Database", "Certificates"):
        _kill_at(environ, step)
    copy = launch(tmp_path, environ)
    try:
        assert copy.claim_code
        assert run_tenshu("audit", "checkpoint", environ=environ).returncode in (0, 1)
    finally:
        copy.end()


def _kill_at(environ: dict[str, str], step: str) -> None:
    import subprocess
    import sys

    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "cli", "start"],
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        for line in process.stderr:
            if step in line:
                process.kill()
                break
    assert process.returncode == -signal.SIGKILL
