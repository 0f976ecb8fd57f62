"""Whom the agent listens to: user and unit, as the kernel tells them."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from appliance.agent import peer
from appliance.agent.peer import Doorman, Peer, doorman, peer_of, unit_in

CONSOLE = "tenshu-console.service"


@pytest.mark.parametrize(
    ("cgroup", "unit"),
    [
        (f"0::/system.slice/{CONSOLE}\n", CONSOLE),
        (f"0::/system.slice/{CONSOLE}/own.service\n", CONSOLE),
        (f"12:memory:/x.service\n1:name=systemd:/system.slice/{CONSOLE}\n", CONSOLE),
        ("0::/user.slice/user-0.slice/session-1.scope\n", ""),
        ("12:memory:/tenshu-console.service\n", ""),
        ("0::/\n", ""),
        ("", ""),
        ("nonsense", ""),
    ],
)
def test_a_unit_is_read_from_systemds_own_tree(cgroup: str, unit: str) -> None:
    assert unit_in(cgroup) == unit


def test_users_and_units_are_both_asked() -> None:
    door = doorman(frozenset({0, 7}), {"TENSHU_AGENT_UNITS": CONSOLE})
    assert door.admits(Peer(uid=7, unit=CONSOLE))
    assert not door.admits(Peer(uid=7, unit="tenshu-worker.service"))
    assert not door.admits(Peer(uid=7))
    assert not door.admits(Peer(uid=8, unit=CONSOLE))
    assert door.admits(Peer(uid=0)), "the machine's own console"


def test_without_units_the_user_decides() -> None:
    door = doorman(frozenset({7}), {})
    assert door == Doorman(users=frozenset({7}))
    assert door.admits(Peer(uid=7))
    assert not door.admits(Peer(uid=0))


def test_the_kernel_tells_the_peer() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        assert peer_of(ours).uid == os.geteuid()


@pytest.fixture
def proc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / str(os.getpid())).mkdir()
    (tmp_path / str(os.getpid()) / "cgroup").write_text(f"0::/system.slice/{CONSOLE}\n")
    monkeypatch.setattr(peer, "PROC", tmp_path)
    return tmp_path


def test_a_living_process_has_the_unit_of_its_control_group(proc: Path) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        assert peer_of(ours).unit == CONSOLE


def test_what_was_read_of_a_process_that_is_gone_is_nobodys(proc: Path, tmp_path: Path) -> None:
    """Its number may be another's by then."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s"))
        listener.listen()
        code = f"import socket; socket.socket(socket.AF_UNIX).connect({str(tmp_path / 's')!r})"
        gone = subprocess.Popen([sys.executable, "-c", code])
        connection, _ = listener.accept()
        gone.wait(20)
        (proc / str(gone.pid)).mkdir()
        (proc / str(gone.pid) / "cgroup").write_text(f"0::/system.slice/{CONSOLE}\n")
        with connection:
            assert peer_of(connection) == Peer(uid=os.geteuid(), unit="")
