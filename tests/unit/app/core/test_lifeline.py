"""No orphan serves on: kill -9 of the parent ends its children. Real processes."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from app.core import lifeline

CHILD = (
    "from app.core.lifeline import die_with_parent; import os, signal\n"
    "die_with_parent(); print(os.getpid(), flush=True); signal.pause()"
)
PARENT = (
    "from app.core.lifeline import announce_parent; import subprocess, sys\n"
    f"announce_parent(); subprocess.run([sys.executable, '-c', {CHILD!r}])"
)


def runs(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_until(holds, seconds=20):
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        os.sched_yield()


def start(program, **environment):
    return subprocess.Popen(
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE, text=True, env={**os.environ, **environment},
    )  # fmt: skip


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_however_the_parent_ends_its_child_ends_with_it(how):
    with start(PARENT) as parent:
        child = int(parent.stdout.readline())
        assert runs(child)
        parent.send_signal(how)
        parent.wait(20)
        wait_until(lambda: not runs(child))


def test_a_child_whose_parent_was_gone_before_it_asked_exits_at_once():
    with start(CHILD, TENSHU_PARENT="1") as orphan:
        assert orphan.wait(20) == 1
        assert orphan.stdout.read() == ""


def test_without_an_announced_parent_it_lives_on_with_whoever_started_it():
    with start(CHILD, TENSHU_PARENT="") as child:
        assert int(child.stdout.readline()) == child.pid
        assert runs(child.pid)
        child.kill()


def test_what_the_kernel_refuses_is_an_error(monkeypatch):
    monkeypatch.setattr(lifeline, "PR_SET_PDEATHSIG", -1)
    with pytest.raises(OSError, match="prctl"):
        lifeline.die_with_parent()


@pytest.fixture
def outlives():
    """This process itself asks to die with its parent; take that back after the test."""
    yield
    ctypes.CDLL(None).prctl(lifeline.PR_SET_PDEATHSIG, 0, 0, 0, 0)


@pytest.mark.parametrize("announced", ["", str(os.getppid())])
def test_with_its_own_parent_it_lives_on(outlives, monkeypatch, announced):
    monkeypatch.setenv(lifeline.PARENT, announced)
    lifeline.die_with_parent()
    asked = ctypes.c_int()
    ctypes.CDLL(None).prctl(2, ctypes.byref(asked), 0, 0, 0)  # PR_GET_PDEATHSIG
    assert asked.value == signal.SIGKILL


def test_with_another_parent_than_announced_it_exits(outlives, monkeypatch):
    monkeypatch.setenv(lifeline.PARENT, "1")
    with pytest.raises(SystemExit):
        lifeline.die_with_parent()


def test_announcing_names_this_process(monkeypatch):
    monkeypatch.delenv(lifeline.PARENT, raising=False)
    lifeline.announce_parent()
    assert os.environ.pop(lifeline.PARENT) == str(os.getpid())
